//! Who holds how many connections.

use crate::address;
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

/// Connections by where they come from. Cheap to clone.
#[derive(Clone)]
pub(super) struct Places {
    taken: Arc<Mutex<HashMap<IpAddr, usize>>>,
    most: usize,
}

/// One connection's place, given back when dropped.
pub(super) struct Place {
    places: Places,
    from: IpAddr,
}

impl Places {
    pub(super) fn new(most: usize) -> Self {
        Self { taken: Arc::default(), most }
    }

    /// A place for one more connection, unless its origin has all of its own.
    pub(super) fn take(&self, address: IpAddr) -> Option<Place> {
        let from = address::origin(address);
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(from).or_insert(0);
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(Place { places: self.clone(), from })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.from) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.from);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Places;

    #[test]
    fn an_address_has_its_share_and_gets_it_back() {
        let places = Places::new(2);
        let take = |address: &str| places.take(address.parse().unwrap());
        let first = take("203.0.113.1").unwrap();
        let _second = take("203.0.113.1").unwrap();
        assert!(take("203.0.113.1").is_none());
        assert!(take("203.0.113.2").is_some(), "a neighbour is not the same");
        drop(first);
        assert!(take("203.0.113.1").is_some());
    }

    #[test]
    fn an_ipv6_network_is_one_origin() {
        let places = Places::new(1);
        let take = |address: &str| places.take(address.parse().unwrap());
        let _one = take("2001:db8:0:1::1").unwrap();
        assert!(take("2001:db8:0:1:ffff::9").is_none());
        assert!(take("2001:db8:0:2::1").is_some());
        let _local = take("127.0.0.1").unwrap();
        assert_eq!(places.taken.lock().unwrap().len(), 2, "what is given back is forgotten");
    }
}
