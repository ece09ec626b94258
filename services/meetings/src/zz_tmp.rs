#[cfg(test)]
mod tests {
    use askama::Template as _;
    use crate::{new::*, create::CreateInput, show::*, seat::Seat, meeting::*, roll::*, tally::*, list::*};
    use time::macros::datetime;
    #[test]
    fn print() {
        let f = FormPage::new(vec![Choice{id:"1".into(),name:"A".into()},Choice{id:"2".into(),name:"B".into()}], CreateInput{organisation:"2".into(),kind:"regular".into(),..Default::default()}, crate::rules::on(time::macros::date!(2026-12-01),"regular_day").unwrap(), Default::default());
        println!("{}", f.render().unwrap());
        for (state,seat,mine) in [(State::Draft,Seat::Chair,None),(State::Announced,Seat::Chair,None),(State::Opened,Seat::Chair,Some(Presence::Present)),(State::Opened,Seat::Summoned,None),(State::Closed,Seat::Above,None),(State::Closed,Seat::Summoned,Some(Presence::Absent))] {
            let t = Tally{summoned:10,present:4,exempt:1,excused:1,absent:0};
            let p = ShowPage{id:uuid::Uuid::nil(),organisation:"Chi bộ".into(),kind:Kind::Regular,state,title:"T".into(),place:"P".into(),agenda:"1. a\n2. b".into(),starts_at:datetime!(2026-12-03 12:30 UTC),seat,mine,mine_at:mine.map(|_|datetime!(2026-12-03 12:30 UTC)),may_check_in:mine.is_none()&&state==State::Opened,tally:(seat==Seat::Chair).then_some(t),figures:Some(Figures::above(&t)),roll:if seat==Seat::Chair && state==State::Opened {vec![RollRow{member:uuid::Uuid::nil().into(),name:"N".into(),exempt:true,state:None,via:None,at:None,reason:"r".into()}]} else {vec![]},minute:if state==State::Closed{"m\nn".into()}else{String::new()}};
            println!("=== {state:?} {seat:?}\n{}", p.render().unwrap());
        }
        let l = ListPage{meetings:vec![Item{id:uuid::Uuid::nil(),organisation:"CB".into(),kind:Kind::Regular,state:State::Closed,title:"T".into(),place:"P".into(),starts_at:datetime!(2026-12-03 12:30 UTC),figures:Some(Figures{present:None,expected:Some(12)})}],below:true,follows:true,may_create:true,before:String::new(),after:"/x".into()};
        println!("=== list\n{}", l.render().unwrap());
    }
}
