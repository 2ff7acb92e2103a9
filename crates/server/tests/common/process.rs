//! The server as a process of its own.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

pub struct Process {
    child: Child,
    pub first_line: String,
    errors: Option<JoinHandle<String>>,
}

pub fn command(data_dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_incamera-server"));
    command.env_clear().current_dir(data_dir);
    command
}

impl Process {
    /// Starts with these flags besides free ports and `data_dir`, and waits for the first line.
    pub fn start(data_dir: &Path, flags: &[&str]) -> Process {
        let mut child = command(data_dir)
            .args(["--listen", "127.0.0.1:0", "--media-listen", "127.0.0.1:0", "--data-dir"])
            .arg(data_dir)
            .args(flags)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first_line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut first_line).unwrap();
        let mut stderr = child.stderr.take().unwrap();
        let errors = std::thread::spawn(move || {
            let mut text = String::new();
            stderr.read_to_string(&mut text).unwrap();
            text
        });
        Process { child, first_line: first_line.trim_end().to_owned(), errors: Some(errors) }
    }

    pub fn authority(&self) -> String {
        super::authority(self.first_line.strip_prefix("listening on ").expect(&self.first_line))
    }

    pub fn terminate(&self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    }

    /// SIGKILL: no goodbye, no flush.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits for the end; the status and everything it logged.
    pub fn end(mut self) -> (ExitStatus, String) {
        let deadline = Instant::now() + super::PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < deadline, "the server does not end");
            std::thread::sleep(Duration::from_millis(20));
        };
        (status, self.errors.take().unwrap().join().unwrap())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
