//! End to end.

mod feed; mod forward; mod stand_in;
fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    match args[0].as_str() {
        "stand-in" => stand_in::serve(args[1].parse().unwrap(), if args[2]=="php" {feed::Writing::Php} else {feed::Writing::Plain}, args.get(3).is_some_and(|a| a=="keep")).unwrap(),
        "forward" => forward::forward(&args[1], args[2]=="overlapped").unwrap(),
        _ => panic!(),
    }
}
