//! Where an environment runs, and where the serving thread polls meanwhile: decisions without effects.

/// A decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Placed {
    /// Core of the serving thread.
    pub serving: usize,
    /// Cores of the environment.
    pub on: Vec<usize>,
}

/// The cores of a launch: as many as it sees, but one fewer than there are, for the serving thread. Each launch of a function
/// begins at the core after that of the launch before it, so that no core's quirks become a result.
pub(super) fn home(all: &[usize], launch: u64, visible: usize) -> Vec<usize> {
    ring(all, launch, visible.min(all.len().saturating_sub(1)).max(1))
}

/// The cores of a launch where the serving thread needs none.
pub(super) fn wide(all: &[usize], launch: u64, visible: usize) -> Vec<usize> {
    ring(all, launch, visible.min(all.len()))
}

/// So many cores in ascending order, beginning at one that the number of the launch decides.
fn ring(all: &[usize], launch: u64, count: usize) -> Vec<usize> {
    if all.is_empty() {
        return Vec::new();
    }
    let begin = usize::try_from(launch % all.len() as u64).unwrap_or(0);
    let mut cores: Vec<usize> =
        (0..count.min(all.len())).map(|offset| all[(begin + offset) % all.len()]).collect();
    cores.sort_unstable();
    cores
}

/// An environment with this home begins to work beside others, which leave at least one core free.
///
/// The serving thread moves off the environment's home, to a core that nobody else works on. Where there is none, the
/// environment has to do without the serving thread's core.
pub(super) fn place(all: &[usize], serving: usize, others: &[usize], home: &[usize]) -> Placed {
    let is_free = |core: &usize| !home.contains(core) && !others.contains(core);
    if !home.contains(&serving) && !others.contains(&serving) {
        return Placed { serving, on: home.to_vec() };
    }
    // From the serving thread's own core on, so that its way is short and it comes around.
    let from = all.iter().position(|core| *core == serving).unwrap_or(0);
    let around = all.iter().cycle().skip(from).take(all.len());
    if let Some(free) = around.clone().copied().find(is_free) {
        return Placed { serving: free, on: home.to_vec() };
    }
    let left: Vec<usize> = home.iter().copied().filter(|core| *core != serving).collect();
    if !left.is_empty() {
        return Placed { serving, on: left };
    }
    // Its whole home is the serving thread's core: any other one, best one that nobody works on.
    let elsewhere = around.clone().copied().filter(|core| *core != serving);
    let unused = elsewhere.clone().find(|core| !others.contains(core));
    let on = unused.or(elsewhere.clone().next()).unwrap_or(serving);
    Placed { serving, on: vec![on] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cores_of_a_function_change_from_launch_to_launch() {
        let homes = |count: usize, visible| {
            let all: Vec<usize> = (0..count).collect();
            (0..4).map(|launch| home(&all, launch, visible)).collect::<Vec<_>>()
        };
        assert_eq!(homes(2, 2), [[0], [1], [0], [1]]);
        assert_eq!(homes(3, 2), [[0, 1], [1, 2], [0, 2], [0, 1]]);
        assert_eq!(homes(6, 2), [[0, 1], [1, 2], [2, 3], [3, 4]]);
        assert_eq!(homes(4, 6), [[0, 1, 2], [1, 2, 3], [0, 2, 3], [0, 1, 3]]);
        assert_eq!(home(&[5], 3, 2), [5]);
        assert_eq!(wide(&[4, 7], 3, 6), [4, 7]);
        assert_eq!(wide(&[], 3, 6), [0; 0]);
    }

    #[test]
    fn the_serving_thread_moves_out_of_the_way_where_it_can() {
        let check = |all: &[usize],
                     serving,
                     others: &[usize],
                     home: &[usize],
                     expected: (usize, &[usize])| {
            let placed = place(all, serving, others, home);
            assert_eq!((placed.serving, placed.on.as_slice()), expected, "{all:?} {home:?}");
            assert!(!placed.on.contains(&placed.serving) || all.len() == 1);
        };
        check(&[0, 1], 0, &[], &[1], (0, &[1]));
        check(&[0, 1], 0, &[], &[0], (1, &[0]));
        check(&[0, 1, 2, 3], 0, &[], &[0, 1], (2, &[0, 1]));
        check(&[0, 1, 2, 3], 0, &[2], &[0, 1], (3, &[0, 1]));
        // Nobody can move: the environment gets what is left of its home …
        check(&[0, 1, 2, 3], 0, &[2, 3], &[0, 1], (0, &[1]));
        // … or another core.
        check(&[0, 1, 2], 0, &[1, 2], &[0], (0, &[1]));
        check(&[0, 1, 2], 0, &[1], &[0, 2], (0, &[2]));
    }
}
