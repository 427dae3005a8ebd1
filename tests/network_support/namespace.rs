//! A network namespace, and a thread that lives in it: what is opened or started there belongs to that network, wherever it
//! is used later.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process::Command;
use std::sync::mpsc::{Sender, channel};

use super::border;
use crate::common::Guard;

type Job = Box<dyn FnOnce() + Send>;

/// Clones are the same namespace. The last one ends the thread; the namespace itself ends with what runs in it.
#[derive(Clone)]
pub struct Namespace {
    jobs: Sender<Job>,
}

impl Namespace {
    /// A new one with its loopback up. Needs the right to make one: root, usually.
    pub fn new() -> io::Result<Self> {
        let (jobs, work) = channel::<Job>();
        let (sender, entered) = channel();
        std::thread::spawn(move || {
            let result = border::enter_new_network();
            let is_in = result.is_ok();
            let _ = sender.send(result);
            if is_in {
                for job in work {
                    job();
                }
            }
        });
        entered.recv().unwrap()?;
        let namespace = Self { jobs };
        namespace.order("ip", &["link", "set", "lo", "up"]);
        Ok(namespace)
    }

    /// Does `job` in this network, and waits for it.
    pub fn run<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> T {
        let (sender, done) = channel();
        let job = move || {
            let _ = sender.send(catch_unwind(AssertUnwindSafe(job)));
        };
        self.jobs.send(Box::new(job)).unwrap();
        done.recv().unwrap().unwrap_or_else(|panic| resume_unwind(panic))
    }

    /// A process in this network.
    pub fn spawn(&self, mut command: Command) -> Guard {
        self.run(move || Guard::spawn(&mut command))
    }

    /// A command that must succeed.
    pub fn order(&self, program: &str, args: &[&str]) -> String {
        self.try_order(program, args).unwrap_or_else(|error| panic!("{error}"))
    }

    /// A command that a kernel may not be able to follow; what it said then.
    pub fn try_order(&self, program: &str, args: &[&str]) -> Result<String, String> {
        let mut command = Command::new(program);
        command.args(args);
        let said = format!("{command:?}");
        let output = self.run(move || command.output());
        let output = output.map_err(|error| format!("{said}: {error}"))?;
        if !output.status.success() {
            return Err(format!("{said}: {}", String::from_utf8_lossy(&output.stderr)));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// A setting of this network's kernel, such as `ipv4/tcp_congestion_control`.
    pub fn set(&self, name: &str, value: &str) {
        let (path, value) = (format!("/proc/sys/net/{name}"), value.to_owned());
        let said = format!("{path} = {value}");
        self.run(move || std::fs::write(path, value))
            .unwrap_or_else(|error| panic!("{said}: {error}"));
    }
}
