//! How long a bench measures, as its arguments say.

/// What `--seconds` and `--rounds` say.
pub struct Rounds {
    /// Of one round.
    pub seconds: u32,
    pub rounds: usize,
}

impl Rounds {
    /// From the arguments of this process, else as given here.
    pub fn parse(seconds: u32, rounds: usize) -> Self {
        let mut parsed = Self { seconds, rounds };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            let mut number = || words.next().and_then(|text| text.parse().ok()).expect("a number");
            match word.as_str() {
                "--seconds" => parsed.seconds = number(),
                "--rounds" => parsed.rounds = number() as usize,
                // What cargo adds.
                "--bench" => {}
                _ => panic!("unknown argument '{word}': --seconds N, --rounds N"),
            }
        }
        parsed
    }
}
