//! How many requests are under way at once, counted by a server of our own.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use fan_out::Event;

use crate::kit::invoke;

/// Requests that have come and not been answered.
#[derive(Default)]
struct UnderWay {
    now: usize,
    most: usize,
    /// Of those that wait, how many may be answered.
    released: usize,
}

/// Answers requests only when as many as `at_once` are waiting: whoever sends fewer at a time waits for ever.
struct Server {
    at_once: usize,
    under_way: Mutex<UnderWay>,
    changed: Condvar,
}

impl Server {
    fn serve(&self, stream: &TcpStream) -> std::io::Result<()> {
        let mut lines = BufReader::new(stream).lines();
        while let Some(request) = lines.next().transpose()? {
            while lines.next().transpose()?.is_some_and(|header| !header.is_empty()) {}
            self.wait();
            let n = request.split(['/', ' ']).nth(3).and_then(|n| n.parse::<u64>().ok());
            let n = n.expect("the request is of /json/N");
            let items = (0..n).map(|id| format!("{{\"id\":{id},\"square\":{}}}", id * id));
            let items = items.collect::<Vec<_>>().join(",");
            let sum: u64 = (0..n).map(|id| id * id).sum();
            let body = format!("{{\"count\":{n},\"items\":[{items}],\"sum\":{sum}}}");
            write!(&*stream, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len())?;
        }
        Ok(())
    }

    fn wait(&self) {
        let mut under_way = self.under_way.lock().expect("nothing panics while it counts");
        under_way.now += 1;
        under_way.most = under_way.most.max(under_way.now);
        if under_way.now - under_way.released >= self.at_once {
            under_way.released += self.at_once;
            self.changed.notify_all();
        }
        while under_way.released == 0 {
            under_way = self.changed.wait(under_way).expect("nothing panics while it counts");
        }
        under_way.released -= 1;
        under_way.now -= 1;
    }
}

#[test]
fn as_many_requests_as_asked_for_are_under_way_and_never_more() {
    for at_once in [1, 4, 16] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (under_way, changed) = Default::default();
        let server = Arc::new(Server { at_once, under_way, changed });
        let serving = Arc::clone(&server);
        // They end with the process.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let server = Arc::clone(&serving);
                thread::spawn(move || server.serve(&stream));
            }
        });
        let concurrency = u32::try_from(at_once).unwrap();
        let event = Event::new(48, 5, concurrency).with_timeouts_ms((60_000, 60_000));
        let response = invoke(Some(&url), event).unwrap();
        assert_eq!((response.total.resources, response.retries), (48, 0));
        assert_eq!(server.under_way.lock().unwrap().most, at_once);
    }
}
