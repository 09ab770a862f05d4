"""How a signal ends the program: in order, as an error does, and always."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def ended_in_order() -> Iterator[None]:
    """Within the block, SIGTERM ends the program as an error does, so that no file is left half-written, and neither
    it nor Ctrl-C interrupts the loading of an extension: some abort the program then.

    What a signal raises may be swallowed, as by what a library is called back for. So the signal is sent again until
    the block is left; while what it raised is on its way out, only the user's next one raises more.
    """
    raised, senders = list[BaseException](), list[threading.Thread]()
    again, left = threading.Event(), threading.Event()

    def send(number: signal.Signals) -> None:
        while not left.wait(0.05):
            again.set()
            _send_to_main(number)

    def stop(number: int, frame: FrameType | None) -> None:
        from_user = not again.is_set()
        again.clear()
        if not senders:
            senders.append(threading.Thread(target=send, args=[signal.Signals(number)], daemon=True))
            senders[0].start()
        is_ending = bool(raised) and _led_to_handled(raised[-1])
        if left.is_set() or _loads_extension(frame) or (is_ending and not from_user):
            return
        sys.unraisablehook = lambda _: None  # what is broken off may complain where nothing can be raised
        raised.append(KeyboardInterrupt() if number == signal.SIGINT else SystemExit(128 + number))
        raise raised[-1]

    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may be told of signals
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    for number, handler in before.items():
        if handler in (signal.SIG_DFL, signal.default_int_handler):  # not where it is ignored, as with nohup
            signal.signal(number, stop)
    try:
        yield
    finally:
        left.set()  # what was to be stopped is done
        for sender in senders:
            sender.join()
        for number, handler in before.items():
            signal.signal(number, signal.SIG_IGN)  # what was sent last may still be on its way
            signal.signal(number, handler)


def _send_to_main(number: signal.Signals) -> None:
    """Send a signal to the main thread; where there are such signals, they interrupt its waiting, too."""
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident or 0, number)
    else:
        import _thread

        _thread.interrupt_main(number)


def _led_to_handled(error: BaseException) -> bool:
    """Whether an error is the one that is being handled, or led to it."""
    handled = sys.exc_info()[1]
    while handled is not None and handled is not error:
        handled = handled.__context__
    return handled is not None


def _loads_extension(frame: FrameType | None) -> bool:
    """Whether a frame is one of those that load an extension."""
    while frame and not frame.f_code.co_qualname.startswith("ExtensionFileLoader."):
        frame = frame.f_back
    return frame is not None
