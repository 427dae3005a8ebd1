//! Runs as tables: minutes take no time, and what is random is stepped in random ways.

use proptest::prelude::*;

use super::super::list::{Cue, Trigger};
use super::super::watch::Watch;
use super::*;

fn s(seconds: f64) -> TimeDelta {
    TimeDelta::from_millis((seconds * 1000.0).round() as i64)
}

fn at(seconds: f64) -> Timestamp {
    Timestamp::ZERO + s(seconds)
}

fn cue(name: &str, trigger: Trigger) -> Cue {
    Cue {
        name: name.into(),
        title: None,
        trigger,
        key: None,
        lines: vec![format!("take {name}")],
        on_error: OnError::Stop,
        is_once: true,
    }
}

fn after(cue: usize, offset: f64) -> Trigger {
    Trigger::After { cue, offset: s(offset) }
}

fn on(watch: &str) -> Trigger {
    Trigger::On {
        watch: Watch::parse(watch).unwrap(),
        offset: TimeDelta::ZERO,
    }
}

fn cues(list: Vec<Cue>) -> Cues {
    Cues {
        list: Some(CueList {
            title: "show".into(),
            file: "show.cues.toml".into(),
            cues: list,
        }),
        ..Cues::default()
    }
}

/// A list of four: two at their times, one after the second, one by hand.
fn usual() -> Cues {
    cues(vec![
        cue("open", Trigger::At(s(2.0))),
        cue("host", Trigger::At(s(10.0))),
        cue("sale", after(1, 5.0)),
        cue("close", Trigger::Hand),
    ])
}

fn due(cues: &mut Cues, now: f64) -> Vec<(String, f64)> {
    std::iter::from_fn(|| cues.take_due(at(now)))
        .map(|firing| (firing.name, firing.position.map_or(-1.0, TimeDelta::as_secs_f64)))
        .collect()
}

fn names(due: &[(String, f64)]) -> Vec<&str> {
    due.iter().map(|(name, _)| name.as_str()).collect()
}

#[derive(Clone, Copy)]
struct Known {
    program: &'static str,
    viewers: u64,
    has_ended: bool,
    stock: &'static str,
}

const KNOWN: Known = Known {
    program: "host",
    viewers: 0,
    has_ended: false,
    stock: "3",
};

fn see(cues: &mut Cues, known: Known, now: f64) {
    let facts = Facts {
        program: known.program,
        viewers: Some(known.viewers),
        has_ended: Box::new(|name| name == "movie" && known.has_ended),
        is_lost: Box::new(|_| false),
        data: Box::new(|path| (path == "stock").then(|| known.stock.to_owned())),
    };
    cues.see(&facts, at(now));
}

#[test]
fn cues_come_at_their_times() {
    let mut cues = usual();
    assert!(cues.begin(None, at(100.0)));
    assert_eq!(cues.next_due(at(100.0)), Some(at(102.0)));
    assert_eq!(due(&mut cues, 101.999), []);
    assert_eq!(due(&mut cues, 102.0), [("open".into(), 2.0)]);
    // Late, and still at their places.
    assert_eq!(due(&mut cues, 116.0), [("host".into(), 10.0), ("sale".into(), 15.0)]);
    assert_eq!(cues.next_due(at(116.0)), None);
    assert_eq!(cues.next.as_ref().unwrap().name, "close");
    assert!(cues.fire(3));
    assert_eq!(cues.next_due(at(120.0)), Some(at(120.0)), "at once");
    assert_eq!(due(&mut cues, 120.0), [("close".into(), 20.0)]);
    assert!(cues.active().is_none(), "nothing is left");
}

#[test]
fn hold_shifts_what_is_to_come() {
    let mut cues = usual();
    cues.begin(None, at(0.0));
    due(&mut cues, 5.0);
    assert!(cues.hold(at(5.0)) && !cues.hold(at(6.0)));
    assert_eq!(due(&mut cues, 60.0), []);
    assert_eq!(cues.next_due(at(60.0)), None);
    assert!(cues.go_on(at(65.0)) && !cues.go_on(at(66.0)));
    assert_eq!(cues.next_due(at(65.0)), Some(at(70.0)));
    assert_eq!(due(&mut cues, 70.0), [("host".into(), 10.0)]);
    assert_eq!(cues.next_due(at(70.0)), Some(at(75.0)));
}

#[test]
fn what_is_skipped_does_not_stop_what_comes_after_it() {
    let mut cues = usual();
    cues.begin(None, at(0.0));
    assert_eq!(cues.skip(at(1.0)).as_deref(), Some("open"));
    assert_eq!(cues.skip(at(1.0)).as_deref(), Some("host"));
    assert_eq!(cues.next_due(at(1.0)), Some(at(15.0)), "as if host had come at 10");
    assert_eq!(due(&mut cues, 20.0), [("sale".into(), 15.0)]);
    assert_eq!(cues.skip(at(21.0)).as_deref(), Some("close"));
    assert!(cues.active().is_none() && cues.skip(at(22.0)).is_none());
}

#[test]
fn a_run_can_begin_anywhere() {
    let mut cues = usual();
    cues.begin(Some(1), at(50.0));
    assert_eq!(due(&mut cues, 50.0), [("host".into(), 10.0)]);
    assert_eq!(cues.next_due(at(50.0)), Some(at(55.0)));
    let phases: Vec<_> = cues.run.as_ref().unwrap().cues.iter().map(|cue| cue.phase).collect();
    assert_eq!(phases[0], CuePhase::Skipped);

    let mut cues = usual();
    cues.begin(Some(3), at(50.0));
    assert_eq!(
        names(&due(&mut cues, 50.0)),
        ["close"],
        "by hand: what stands before it is left out"
    );
    assert!(!cues.begin(Some(4), at(0.0)));
}

#[test]
fn a_cue_that_was_fired_does_not_come_again_by_itself() {
    let mut cues = usual();
    cues.begin(None, at(0.0));
    cues.fire(1);
    assert_eq!(due(&mut cues, 1.0), [("host".into(), 1.0)]);
    assert_eq!(due(&mut cues, 6.5), [("open".into(), 2.0), ("sale".into(), 6.0)]);
    assert_eq!(due(&mut cues, 60.0), []);
    // Without a run it comes all the same.
    cues.stop(at(61.0));
    cues.fire(1);
    assert_eq!(due(&mut cues, 62.0), [("host".into(), -1.0)]);
}

#[test]
fn while_a_run_is_held_cues_can_be_fired_by_hand() {
    let mut cues = usual();
    cues.begin(None, at(0.0));
    cues.hold(at(1.0));
    cues.fire(2);
    assert_eq!(due(&mut cues, 30.0), [("sale".into(), 1.0)]);
    assert!(cues.go_on(at(31.0)));
    assert_eq!(names(&due(&mut cues, 50.0)), ["open", "host"], "sale has come");
}

#[test]
fn times_of_the_day_stay_where_they_are() {
    let day = |time: &str| Trigger::TimeOfDay(super::super::parse_day(time).unwrap());
    let list = || {
        cues(vec![
            cue("eight", day("20:00:00")),
            cue("late", day("00:10:00")),
            cue("past", day("19:00:00")),
        ])
    };
    let mut cues = list();
    cues.set_day(at(0.0), super::super::parse_day("19:59:00").unwrap());
    cues.begin(None, at(0.0));
    assert_eq!(cues.next_due(at(0.0)), Some(at(60.0)));
    cues.hold(at(10.0));
    assert_eq!(due(&mut cues, 70.0), [], "held");
    cues.go_on(at(80.0));
    assert_eq!(names(&due(&mut cues, 80.0)), ["eight"], "what was missed comes at once");
    let midnight = 60.0 + 4.0 * 3600.0;
    assert_eq!(cues.next_due(at(80.0)), Some(at(midnight + 600.0)));
    // Somebody sets the clock: ten seconds earlier than it was.
    cues.set_day(at(100.0), super::super::parse_day("20:00:30").unwrap());
    assert_eq!(cues.next_due(at(100.0)), Some(at(midnight + 610.0)));
    assert_eq!(names(&due(&mut cues, midnight + 610.0)), ["late"]);
    assert!(cues.active().is_none(), "past was left out");
}

#[test]
fn what_happens_is_an_edge() {
    let mut cues = cues(vec![
        cue("greet", on("scene host")),
        cue("many", on("viewers above 100")),
        cue("few", on("viewers below 10")),
        cue("film", on("ended movie")),
        cue("sold", on("data stock = 0")),
    ]);
    cues.begin(None, at(0.0));
    see(&mut cues, KNOWN, 0.0);
    assert_eq!(
        due(&mut cues, 0.0),
        [],
        "host is there, and nobody watches: nothing has happened"
    );
    see(
        &mut cues,
        Known {
            program: "wide",
            ..KNOWN
        },
        1.0,
    );
    see(&mut cues, Known { viewers: 101, ..KNOWN }, 2.0);
    assert_eq!(due(&mut cues, 2.0), [("greet".into(), 2.0), ("many".into(), 2.0)]);
    see(
        &mut cues,
        Known {
            viewers: 9,
            has_ended: true,
            stock: "0",
            ..KNOWN
        },
        3.0,
    );
    assert_eq!(names(&due(&mut cues, 3.0)), ["few", "film", "sold"]);
}

#[test]
fn what_happens_while_it_is_held_brings_nothing() {
    let mut cues = cues(vec![cue("greet", on("scene host"))]);
    cues.begin(None, at(0.0));
    see(
        &mut cues,
        Known {
            program: "wide",
            ..KNOWN
        },
        0.0,
    );
    cues.hold(at(1.0));
    see(&mut cues, KNOWN, 2.0);
    cues.go_on(at(3.0));
    see(&mut cues, KNOWN, 3.0);
    assert_eq!(due(&mut cues, 4.0), []);
    see(
        &mut cues,
        Known {
            program: "wide",
            ..KNOWN
        },
        5.0,
    );
    see(&mut cues, KNOWN, 6.0);
    assert_eq!(
        due(&mut cues, 6.0),
        [("greet".into(), 4.0)],
        "the clock stood for two seconds"
    );
}

#[test]
fn silence_counts_from_its_beginning() {
    let mut cues = cues(vec![cue("music", on("silence 5s"))]);
    cues.begin(None, at(0.0));
    cues.hear(true);
    assert!(cues.is_silent());
    see(&mut cues, KNOWN, 1.0);
    assert_eq!(cues.next_due(at(1.0)), Some(at(6.0)));
    cues.hear(false);
    see(&mut cues, KNOWN, 5.9);
    assert_eq!(cues.next_due(at(5.9)), None);
    cues.hear(true);
    see(&mut cues, KNOWN, 7.0);
    see(&mut cues, KNOWN, 8.0);
    assert_eq!(due(&mut cues, 12.0), [("music".into(), 12.0)]);
}

#[test]
fn cues_that_come_again_rest_a_little() {
    let mut again = cue("greet", on("scene host"));
    again.is_once = false;
    let mut cues = cues(vec![again, cue("end", Trigger::Hand)]);
    cues.begin(None, at(0.0));
    let mut count = 0;
    for turn in 0..40 {
        let now = f64::from(turn) * 0.1;
        let program = if turn % 2 == 0 { "wide" } else { "host" };
        see(&mut cues, Known { program, ..KNOWN }, now);
        count += due(&mut cues, now).len();
    }
    assert_eq!(count, 4, "once a second at most");
    assert_eq!(cues.run.as_ref().unwrap().cues[0].times, 4);
}

#[test]
fn a_run_that_was_cut_off_goes_on_where_it_was() {
    let mut cues = usual();
    cues.begin(None, at(0.0));
    due(&mut cues, 4.0);
    let kept = serde_json::to_string(&(cues.list.clone(), cues.run.as_ref().unwrap().kept(at(4.5)))).unwrap();
    let (list, run): (Option<CueList>, Run) = serde_json::from_str(&kept).unwrap();
    let mut again = Cues {
        list,
        ..Cues::default()
    };
    assert!(again.resume(run));
    assert_eq!(again.active().unwrap().phase, RunPhase::Held);
    assert_eq!(due(&mut again, 1000.0), []);
    assert!(again.go_on(at(1000.0)));
    assert_eq!(again.next_due(at(1000.0)), Some(at(1006.0)), "from the whole second");
    assert!(
        !Cues::default().resume(Run::begin(&CueList::default(), at(0.0), None)),
        "there is no list"
    );
}

/// A list of cues at times and after earlier ones.
fn any_list() -> impl Strategy<Value = Vec<Cue>> {
    proptest::collection::vec((any::<bool>(), 0_i64..20_000, any::<prop::sample::Index>()), 1..12).prop_map(|written| {
        let of = |(number, (is_after, ms, parent)): (usize, &(bool, i64, prop::sample::Index))| {
            let time = TimeDelta::from_millis(*ms);
            let trigger = if *is_after && number > 0 {
                Trigger::After {
                    cue: parent.index(number),
                    offset: time,
                }
            } else {
                Trigger::At(time)
            };
            cue(&number.to_string(), trigger)
        };
        written.iter().enumerate().map(of).collect()
    })
}

/// What comes when the run is stepped by `steps` in ms, over and over, until everything has come.
fn stepped(list: Vec<Cue>, steps: &[i64]) -> Vec<(usize, TimeDelta)> {
    let mut cues = cues(list);
    cues.begin(None, Timestamp::ZERO);
    let (mut now, mut came) = (Timestamp::ZERO, Vec::new());
    for step in steps.iter().cycle() {
        came.extend(std::iter::from_fn(|| cues.take_due(now)).map(|firing| (firing.at, firing.position.unwrap())));
        if cues.active().is_none() {
            break;
        }
        now += TimeDelta::from_millis(*step);
    }
    came
}

proptest! {
    #[test]
    fn however_it_is_stepped_each_cue_comes_once_and_in_order(
        list in any_list(),
        steps in proptest::collection::vec(1_i64..9000, 1..8),
    ) {
        let count = list.len();
        let came = stepped(list.clone(), &steps);
        prop_assert_eq!(&came, &stepped(list.clone(), &[300_000]));
        prop_assert_eq!(came.len(), count);
        prop_assert!(came.is_sorted_by_key(|(at, position)| (*position, *at)) || came.is_sorted_by_key(|(_, position)| *position));
        let mut places: Vec<_> = came.iter().map(|(at, _)| *at).collect();
        places.sort_unstable();
        prop_assert_eq!(places, (0..count).collect::<Vec<_>>());
    }

    #[test]
    fn hold_shifts_by_exactly_as_long(
        list in any_list(),
        holds in proptest::collection::vec((0_i64..30_000, 1_i64..100_000), 0..4),
    ) {
        // Whoever waits for the next cue and is never late.
        let play = |holds: &[(i64, i64)]| {
            let mut cues = cues(list.clone());
            let (mut now, mut came, mut stood) = (Timestamp::ZERO, Vec::new(), TimeDelta::ZERO);
            let mut holds = holds.iter();
            let mut hold = holds.next();
            cues.begin(None, now);
            while cues.active().is_some() {
                let next = cues.next_due(now).unwrap();
                let held_at = hold.map(|(at, _)| (Timestamp::from_millis(*at) + stood).max(now));
                match (hold, held_at) {
                    (Some((_, length)), Some(at)) if at < next => {
                        cues.hold(at);
                        now = at + TimeDelta::from_millis(*length);
                        stood += TimeDelta::from_millis(*length);
                        cues.go_on(now);
                        hold = holds.next();
                    }
                    _ => {
                        now = next;
                        let firing = cues.take_due(now).unwrap();
                        came.push((firing.at, now - stood));
                    }
                }
            }
            came
        };
        prop_assert_eq!(play(&holds), play(&[]));
    }

    #[test]
    fn nothing_that_is_done_by_hand_breaks_a_run(
        list in any_list(),
        deeds in proptest::collection::vec((0_u8..9, 0_i64..5000, any::<prop::sample::Index>()), 0..60),
    ) {
        let count = list.len();
        let mut cues = cues(list);
        let (mut now, mut fired) = (Timestamp::ZERO, vec![0_u32; count]);
        let mut came = vec![0_u32; count];
        for (deed, ms, place) in deeds {
            now += TimeDelta::from_millis(ms);
            let place = place.index(count);
            match deed {
                0 => drop(cues.begin(None, now)),
                1 => drop(cues.begin(Some(place), now)),
                2 => drop(cues.hold(now)),
                3 => drop(cues.go_on(now)),
                4 => drop(cues.skip(now)),
                5 => drop(cues.stop(now)),
                6 => if cues.fire(place) { fired[place] += 1 },
                7 => cues.set_day(now, TimeDelta::from_millis(ms)),
                _ => see(&mut cues, KNOWN, now.as_secs_f64()),
            }
            if matches!(deed, 0 | 1) { came.fill(0); fired.fill(0) }
            if deed == 5 { fired.fill(0); came.fill(0) }
            let mut last = None;
            let mut is_by_hand = cues.fired.len();
            while let Some(firing) = cues.take_due(now) {
                came[firing.at] += 1;
                if is_by_hand == 0 {
                    prop_assert!(last <= firing.position, "in order");
                    last = firing.position;
                }
                is_by_hand = is_by_hand.saturating_sub(1);
            }
            for (came, fired) in came.iter().zip(&fired) {
                prop_assert!(*came <= fired + 1, "once by itself at most");
            }
            prop_assert!(cues.next_due(now).is_none_or(|due| due > now));
        }
    }
}
