"""What the senders of one run share: whether it was halted and why, the gate, troubles and refusals in a row."""

from threading import Event, Lock

from campaign.clock import Clock
from campaign.errors import AccountBlocked, Refused, Stopped, Wait
from campaign.newsletter.policy import Policy
from campaign.ports import Gate


class Course:
    """The course of one run. Thread-safe. The first reason to halt is the one that counts. ``welcome``: the server has
    taken a copy of this issue.
    """

    def __init__(self, gate: Gate, clock: Clock, policy: Policy, *, welcome: bool = False) -> None:
        self._gate = gate
        self._clock = clock
        self._policy = policy
        self._lock = Lock()
        self._asking = Lock()
        self._event = Event()
        self._troubles = 0
        self._refusals = 0
        self._turned_away = 0
        self._barred = 0
        self._welcome = welcome
        self.halted: Exception | None = None

    @property
    def goes_on(self) -> bool:
        """Say whether nobody has halted it."""
        return not self._event.is_set()

    def halt(self, error: Exception) -> None:
        """End the run: copies whose data is on the wire are finished, nothing more is begun."""
        with self._lock:
            self.halted = self.halted or error
            self._event.set()

    def may_send(self) -> bool:
        """Ask the gate, right before something goes out. A hold halts the run."""
        try:
            with self._asking:
                self._gate.check()
        except Stopped as stopped:
            self.halt(stopped)
        return self.goes_on

    def taken(self) -> None:
        """Note that the server took a copy: whatever ailed it or the letter is over."""
        with self._lock:
            self._troubles = self._refusals = self._barred = 0
            self._welcome = True

    def refused(self, reply: str) -> None:
        """Note that a copy was refused for what is in it; many in a row are a fault of the letter."""
        with self._lock:
            self._refusals += 1
            worn = self._refusals >= self._policy.same_refusals
        if worn:
            self.halt(Refused(f"the mail server refuses the letter itself: {reply}"))

    def turned_away(self, reply: str) -> None:
        """Note that a recipient was refused. Of a list that is in use some are dead or full, in a row too; where the
        server has not taken one copy yet and refuses so many, it is us whom it does not want.
        """
        with self._lock:
            self._turned_away += 1
            unwanted = not self._welcome and self._turned_away >= self._policy.all_refused
        if unwanted:
            self.halt(AccountBlocked(f"the mail server takes no recipient from us: {reply}"))

    def barred(self, reply: str) -> bool:
        """Note that a recipient was refused by policy; say whether that is between the server and this recipient. It is
        us whom the server does not want where it has taken no copy yet, or bars so many in a row.
        """
        with self._lock:
            self._barred += 1
            theirs = self._welcome and self._barred < self._policy.same_refusals
        if not theirs:
            self.unwanted(reply)
        return theirs

    def unwanted(self, reply: str) -> None:
        """End the run: the server takes no such mail from us."""
        self.halt(AccountBlocked(f"the mail server does not take this mail: {reply}"))

    def trouble(self, detail: str) -> None:
        """Note that the server is in trouble, and wait a while; too often in a row, and the issue as a whole waits."""
        with self._lock:
            self._troubles += 1
            worn = self._troubles >= self._policy.relay_tries * self._policy.connections
        if worn:
            self.halt(Wait(detail, after=self._policy.relay_wait))
        else:
            self._clock.wait(self._event, self._policy.relay_pause.total_seconds())
