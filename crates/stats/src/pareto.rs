//! Which of several choices are best, where two things are wanted to be small.

/// Two figures of a choice that are both wanted to be small, such as a latency and a cost.
pub type Point = [f64; 2];

/// How often values are drawn anew.
const REPLICATES: usize = 2_000;

/// For each point, whether no other is at most as great in both figures and less in one.
pub fn pareto_front(points: &[Point]) -> Vec<bool> {
    let dominates = |a: &Point, b: &Point| a[0] <= b[0] && a[1] <= b[1] && a != b;
    points.iter().map(|point| !points.iter().any(|other| dominates(other, point))).collect()
}

/// For each choice, in which share of replicates it is on the front of means.
///
/// `choices` has the figures of each launch of each choice. A replicate draws, for each choice, as many of its launches as there
/// are, each time from all of them (the bootstrap over launches). The draws follow from `seed` alone. A choice without a
/// launch is never on the front.
pub fn pareto_robustness(choices: &[Vec<Point>], seed: u64) -> Vec<f64> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut on_front = vec![0_u32; choices.len()];
    for _ in 0..REPLICATES {
        let means: Vec<Point> =
            choices.iter().map(|launches| drawn(launches, &mut random)).collect();
        for (count, is_on) in on_front.iter_mut().zip(pareto_front(&means)) {
            *count += u32::from(is_on);
        }
    }
    let share = |(launches, count): (&Vec<Point>, u32)| match launches.is_empty() {
        true => 0.0,
        false => f64::from(count) / REPLICATES as f64,
    };
    choices.iter().zip(on_front).map(share).collect()
}

fn drawn(launches: &[Point], random: &mut fastrand::Rng) -> Point {
    let mut sums = [0.0; 2];
    for _ in launches {
        let [first, second] = launches[random.usize(..launches.len())];
        sums = [sums[0] + first, sums[1] + second];
    }
    let n = launches.len() as f64;
    // Of no launches it is NaN, which dominates nothing.
    sums.map(|sum| sum / n)
}

/// The choice with the least sum of both figures, each as a share of the greatest of its kind: neither the cheapest nor the
/// fastest, but where little more of one buys much of the other. The first of several; `None` of no points, and where a
/// figure is not finite or the greatest of a kind is not positive.
pub fn knee(points: &[Point]) -> Option<usize> {
    let greatest = |kind: usize| points.iter().map(|point| point[kind]).fold(0.0, f64::max);
    let most = [greatest(0), greatest(1)];
    let usable =
        most.iter().all(|most| *most > 0.0) && points.iter().flatten().all(|f| f.is_finite());
    let sum = |at: &usize| points[*at][0] / most[0] + points[*at][1] / most[1];
    (0..points.len()).filter(|_| usable).min_by(|a, b| sum(a).total_cmp(&sum(b)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_front_has_what_nothing_is_better_than() {
        let points = [[1.0, 9.0], [2.0, 5.0], [3.0, 5.0], [9.0, 1.0], [9.0, 1.0], [f64::NAN, 0.0]];
        assert_eq!(pareto_front(&points), [true, true, false, true, true, true]);
        assert_eq!(pareto_front(&[]), [false; 0]);
        assert_eq!(knee(&points[..5]), Some(1));
        assert_eq!(knee(&[]), None);
        assert_eq!(knee(&points), None);
        assert_eq!(knee(&[[0.0, 0.0]]), None);
    }

    #[test]
    fn robustness_is_the_share_of_replicates() {
        let spread =
            |at: Point| (0..10).map(|n| at.map(|f| f + 0.1 * f64::from(n))).collect::<Vec<_>>();
        let choices = [
            spread([1.0, 5.0]),
            spread([5.0, 1.0]),
            spread([7.0, 7.0]),
            spread([1.05, 5.05]),
            vec![],
        ];
        let robust = pareto_robustness(&choices, 1);
        assert_eq!(robust, pareto_robustness(&choices, 1));
        assert_eq!([robust[0] > 0.5, robust[1] == 1.0], [true, true], "{robust:?}");
        assert!(
            robust[2] == 0.0 && (0.05..0.7).contains(&robust[3]) && robust[4] == 0.0,
            "{robust:?}"
        );
    }

    proptest! {
        #[test]
        fn something_is_always_on_the_front(points in prop::collection::vec([0.0..9.0_f64, 0.0..9.0_f64], 1..20)) {
            let front = pareto_front(&points);
            prop_assert!(front.contains(&true));
            let at = knee(&points).expect("positive figures");
            // What dominates the knee would have a lesser sum.
            prop_assert!(front[at]);
        }
    }
}
