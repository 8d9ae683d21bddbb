//! Attributing the time in which an environment was held back by its CPU limit.

use kelvin_lambda::{Interval, SpanLine};

/// How much of `within` lies in `holds`, which are disjoint.
pub(crate) fn overlap_ns(holds: &[Interval], within: Interval) -> u64 {
    let overlaps = holds.iter().map(|hold| Interval(hold.0.max(within.0), hold.1.min(within.1)));
    overlaps.map(Interval::ns).sum()
}

/// The spans of an invocation without the time in which it was held back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spans {
    pub decode_ns: u64,
    pub compute_ns: u64,
    pub io_ns: u64,
    pub encode_ns: u64,
}

impl Spans {
    pub(crate) fn of(line: &SpanLine, holds: &[Interval]) -> Spans {
        let free = |span: Interval| span.ns() - overlap_ns(holds, span);
        // Of waits that the line does not list, only the sum is known: a hold in one of them counts as one in `compute`.
        let held_in_io: u64 = line.io.iter().map(|&wait| overlap_ns(holds, wait)).sum();
        let io_ns = line.io_ns.saturating_sub(held_in_io);
        Spans {
            decode_ns: free(line.decode),
            compute_ns: free(line.handle).saturating_sub(io_ns),
            io_ns,
            encode_ns: free(line.encode),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_are_taken_out_of_the_span_that_they_fell_into() {
        let line = SpanLine {
            request_id: String::new(),
            decode: Interval(0, 10),
            handle: Interval(10, 100),
            encode: Interval(100, 110),
            io_ns: 20,
            io: vec![Interval(30, 50)],
        };
        let check = |holds: &[Interval], decode_ns, compute_ns, io_ns, encode_ns| {
            let expected = Spans { decode_ns, compute_ns, io_ns, encode_ns };
            assert_eq!(Spans::of(&line, holds), expected, "{holds:?}");
        };
        check(&[], 10, 70, 20, 10);
        check(&[Interval(5, 15)], 5, 65, 20, 10);
        check(&[Interval(40, 60)], 10, 60, 10, 10);
        check(&[Interval(60, 70), Interval(105, 200)], 10, 60, 20, 5);
        check(&[Interval(0, 200)], 0, 0, 0, 0);
    }
}
