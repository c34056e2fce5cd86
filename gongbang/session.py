"""One command, one record: what runs inside it joins the record and the display that are open."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from gongbang import processes, records
from gongbang.display import Display
from gongbang.errors import ExitCode, GongbangError
from gongbang.paths import shown
from gongbang.records import Record
from gongbang.runs import journal, retention
from gongbang.summary import Failure


class RunFailedError(GongbangError):
    """A run ended badly and its failure was shown already."""


@dataclass
class Session:
    """The record and the display of the command that runs; `code` is how it ended so far."""

    record: Record
    display: Display
    code: ExitCode = ExitCode.DONE

    def fail(self, failure: Failure, code: ExitCode) -> None:
        """Remember and show a failure."""
        self.code = code
        self.record.fail(failure)
        self.display.close()
        clean = Failure(**{key: value and self.record.clean(value) for key, value in vars(failure).items()})
        self.display.failure(clean, shown(self.record.log_path) if self.record.log_path.exists() else "")


_open: ContextVar[Session | None] = ContextVar("session", default=None)


def current() -> Session | None:
    """The open session, if any."""
    return _open.get()


def say(text: str) -> None:
    """One line of progress for the user: on the open session's display, else on standard error."""
    session = _open.get()
    if session:
        session.display.say(session.record.clean(text))
        session.record.log(text)
    else:
        sys.stderr.write(text + "\n")


def note(text: str) -> None:
    """A line for the log of the run that is open, and for nobody's eyes now."""
    session = _open.get()
    if session:
        session.record.log(text)


@contextmanager
def opened(
    command: str,
    cluster: str,
    *,
    json: bool = False,
    secrets: frozenset[str] = frozenset(),
    about: Mapping[str, Any] | None = None,
) -> Iterator[Session]:
    """The session of a command: the one that is open already, else a new one that ends with the block.

    `about` is what about.of() tells. With `json` the display goes to standard error. An error that leaves the block becomes the
    record's failure; it is shown here and goes on as RunFailedError.
    """
    outer = _open.get()
    if outer:
        yield outer
        return
    keep = retention.wanted()
    record = records.create(cluster, command, secrets, about)
    retention.prune(cluster, keep)
    session = Session(record, Display(sys.stderr if json else sys.stdout))
    token = _open.set(session)
    try:
        with processes.tagged(record.folder):
            yield session
        record.require()
    except RunFailedError as error:
        session.code = error.code
        raise
    except GongbangError as error:
        session.code = error.code
        record.fail(Failure.of(error))
        record.log(str(error))
        session.display.close()
        session.display.complain(record.clean(str(error)))
        raise RunFailedError(error.problem, error.seen, error.fix, error.code) from error
    except KeyboardInterrupt:
        session.code = ExitCode.INTERRUPTED
        record.fail(Failure(None, None, None, "interrupted", None))
        raise
    except BaseException:
        session.code = ExitCode.USAGE
        record.fail(Failure(None, None, None, "a defect of the tool itself; see the traceback", None))
        raise
    finally:
        _open.reset(token)
        session.display.close()
        close(cluster, session)


def close(cluster: str, session: Session) -> None:
    """Write the end of the session's run, in its record and in the journal."""
    session.record.finish(session.code)
    with suppress(OSError):  # nothing can be written: that is told already
        journal.note(cluster, session.record.folder)
