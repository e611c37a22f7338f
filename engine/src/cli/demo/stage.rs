//! Where the demo runs its commands: each is shown as it would be typed, then really run.
//! Knows no step.

use std::cell::RefCell;
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::cli::run_with;
use crate::cli::terminal::Terminal;
use crate::model::Exit;
use crate::report::{Color, wrap};

/// A terminal, and the folder in which commands run.
pub(super) struct Stage<'t> {
    terminal: &'t mut Terminal,
    directory: PathBuf,
}

impl<'t> Stage<'t> {
    pub(super) fn new(terminal: &'t mut Terminal, directory: PathBuf) -> Self {
        Self {
            terminal,
            directory,
        }
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Whether nobody reads any more.
    pub(super) fn is_closed(&self) -> bool {
        self.terminal.is_closed()
    }

    pub(super) fn heading(&mut self, text: &str) {
        let style = self.terminal.style();
        let rule = if style.unicode { "\u{2500}" } else { "-" };
        let width = style.width.min(100);
        let fill = width.saturating_sub(text.chars().count() + 4);
        let head = format!("{rule}{rule} {text} {}", rule.repeat(fill));
        self.line("");
        self.line(&style.paint(&head, Color::Bold));
    }

    /// What is told, not typed: as a comment in a shell.
    pub(super) fn tell(&mut self, text: &str) {
        let style = self.terminal.style();
        for row in wrap(&format!("# {text}"), style.width.min(100), "# ").lines() {
            self.line(&style.paint(row, Color::Yellow));
        }
    }

    /// A line that was removed or added.
    pub(super) fn edited(&mut self, sign: &str, text: &str) {
        let color = if sign == "-" {
            Color::Red
        } else {
            Color::Green
        };
        let row = self
            .terminal
            .style()
            .paint(&format!("  {sign} {text}"), color);
        self.line(&row);
    }

    /// Shows a command; whoever calls has done what it does.
    pub(super) fn typed(&mut self, command: &str) {
        let style = self.terminal.style();
        let mut row = String::from("$ ");
        for (at, word) in command.split(" --").enumerate() {
            let word = if at == 0 {
                word.to_owned()
            } else {
                format!(" --{word}")
            };
            let length = row.chars().count() + word.chars().count();
            if at > 0 && length + 2 > style.width.min(100) {
                self.line(&style.paint(&format!("{row} \\"), Color::Bold));
                row = format!("   {word}");
            } else {
                row.push_str(&word);
            }
        }
        self.line(&style.paint(&row, Color::Bold));
    }

    /// Shows and runs `tidegate …`. `unseen` are arguments that are only for the demo itself.
    pub(super) fn run(&mut self, command: &str, unseen: &[&str]) -> Exit {
        self.typed(command);
        let screen = Screen::default();
        let exit = self.start(command, unseen, &screen, &screen);
        let said = format!("exit {}\n", exit.code());
        let says_it = self.print(&screen).ends_with(said.as_bytes());
        if exit != Exit::Pass && !says_it {
            let note = format!("(exit {})", exit.code());
            let note = self.terminal.style().paint(&note, Color::Dim);
            self.line(&note);
        }
        exit
    }

    /// Shows and runs `tidegate … > FILE`, and returns what goes to the file.
    pub(super) fn run_into(&mut self, command: &str, file: &str) -> (Exit, Vec<u8>) {
        self.typed(&format!("{command} > {file}"));
        let (out, err) = (Screen::default(), Screen::default());
        let exit = self.start(command, &[], &out, &err);
        self.print(&err);
        (exit, out.take())
    }

    pub(super) fn line(&mut self, text: &str) {
        self.terminal.line(text);
        self.terminal.flush();
    }

    fn start(&self, command: &str, unseen: &[&str], out: &Screen, err: &Screen) -> Exit {
        let arguments = command.split(' ').chain(unseen.iter().copied());
        let mut inner = self.terminal.inside(
            &self.directory,
            Box::new(out.clone()),
            Box::new(err.clone()),
        );
        run_with(arguments.map(OsString::from), &mut inner)
    }

    fn print(&mut self, screen: &Screen) -> Vec<u8> {
        let text = screen.take();
        let written = self.terminal.out.write_all(&text);
        self.terminal.note(&written);
        self.terminal.flush();
        text
    }
}

/// What a command prints, on both streams in the order of printing.
#[derive(Clone, Default)]
struct Screen(Rc<RefCell<Vec<u8>>>);

impl Screen {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.borrow_mut())
    }
}

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
