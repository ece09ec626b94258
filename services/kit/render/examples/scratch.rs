//! scratch
use std::time::Instant;
fn main(){ let a:Vec<String>=std::env::args().collect();
 if a[1]=="make" { let cols=[render::sheet::write::Column::text("Cột",20.0);12];
  let s=render::sheet::write::Sheet{name:"x",columns:&cols,notes:&[]};
  let f=std::fs::File::create(&a[2]).unwrap(); let t=Instant::now();
  render::sheet::write::write_xlsx(f,&s,(0..230_000u32).map(|r| (0..12).map(|c| render::sheet::write::Cell::Text(match c {0=>format!("Nguyễn Thị Hồng Ngọc {r}"),1=>format!("09{r:08}"),2=>format!("0510{r:08}"),3=>"Nam".into(),4=>format!("Chi bộ thôn {}, Đảng bộ xã {}",r%4000,r%260),o=>format!("{o}-{}",r%5000)})).collect())).unwrap(); println!("write {:?}",t.elapsed()); return; }
 for _ in 0..2 { let t=Instant::now(); let n=render::sheet::read::Reader::open(a[1].as_ref()).unwrap().map(|r|r.unwrap().cells.len()).sum::<usize>(); println!("{n} {:?}",t.elapsed()); } }
