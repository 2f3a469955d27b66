"""One row of the table: what a budget's window holds, as a ring of (time, amount) entries, oldest first.

Times are microseconds of the machine's monotonic clock, which all its processes share. The caller holds the
table's lock. Entries are written before what makes them count, so that a process killed in between leaves a
row that `is_sound` can judge.
"""

from __future__ import annotations

from accounts.budgets.budget import SLOTS

HIGH, LOW, USED_AT, HEAD, LENGTH, TOTAL, STARTED_AT, HAS_CELLS = range(8)
HEADER_WORDS = 8
WORDS = HEADER_WORDS + 2 * SLOTS
_LAST = SLOTS - 1
assert SLOTS & _LAST == 0, "a power of two"


class Row:
    __slots__ = ("base", "slots", "words")

    def __init__(self, words: memoryview[int], base: int) -> None:
        self.words = words
        self.base = base
        self.slots = base + HEADER_WORDS

    def used(self, now_us: int, window_us: int) -> int:
        """What the window holds now; what has left it is dropped."""
        words, base = self.words, self.base
        length = words[base + LENGTH]
        if not length:
            return 0
        head, slots = words[base + HEAD], self.slots
        if words[slots + 2 * ((head + length - 1) & _LAST)] > now_us:
            self.empty()  # a time to come is one from before the machine's last start
            return 0
        total, first = words[base + TOTAL], head
        oldest_us = now_us - window_us
        while length and words[slots + 2 * head] <= oldest_us:
            total -= words[slots + 2 * head + 1]
            head = (head + 1) & _LAST
            length -= 1
        if head != first or not length:
            words[base + HEAD], words[base + LENGTH], words[base + TOTAL] = head, length, total
        return total

    def add(self, now_us: int, amount: int, grain_us: int) -> None:
        words, base, slots = self.words, self.base, self.slots
        length = words[base + LENGTH]
        end = words[base + HEAD] + length
        if length and (length == SLOTS or now_us - words[base + STARTED_AT] < grain_us):
            newest = slots + 2 * ((end - 1) & _LAST)
            words[newest] = now_us
            words[newest + 1] += amount
        else:
            slot = slots + 2 * (end & _LAST)
            words[slot], words[slot + 1] = now_us, amount
            words[base + STARTED_AT] = now_us
            words[base + LENGTH] = length + 1
        words[base + TOTAL] += amount

    def take_back(self, now_us: int, window_us: int, at_us: int, amount: int) -> None:
        """Of what was added at that time, if it still counts."""
        self.used(now_us, window_us)
        if at_us <= now_us - window_us:
            return
        words, slots = self.words, self.slots
        head = words[self.base + HEAD]
        for place in range(head, head + words[self.base + LENGTH]):
            slot = slots + 2 * (place & _LAST)
            # An entry has the time of its last: the first that reaches this one has it.
            if words[slot] >= at_us:
                amount = min(amount, words[slot + 1])
                words[slot + 1] -= amount
                words[self.base + TOTAL] -= amount
                return

    def wait_us(self, now_us: int, window_us: int, excess: int) -> int:
        """Until so much of what the window holds has left it."""
        words, slots = self.words, self.slots
        head = words[self.base + HEAD]
        for place in range(head, head + words[self.base + LENGTH]):
            slot = slots + 2 * (place & _LAST)
            excess -= words[slot + 1]
            if excess <= 0:
                return words[slot] + window_us - now_us
        return window_us

    def reset_us(self, now_us: int, window_us: int) -> int:
        """Until the window is empty, if nothing more comes."""
        words = self.words
        length = words[self.base + LENGTH]
        if not length:
            return 0
        newest = self.slots + 2 * ((words[self.base + HEAD] + length - 1) & _LAST)
        return words[newest] + window_us - now_us

    def empty(self) -> None:
        for word in (LENGTH, TOTAL, HEAD, STARTED_AT):
            self.words[self.base + word] = 0

    def is_sound(self, now_us: int) -> bool:
        """False after a process died in the middle of a change, or when the file has been damaged."""
        words, base = self.words, self.base
        head, length = words[base + HEAD], words[base + LENGTH]
        if head >= SLOTS or length > SLOTS:
            return False
        places = [self.slots + 2 * (place & _LAST) for place in range(head, head + length)]
        times = [words[place] for place in places]
        is_ordered = times == sorted(times) and (not times or times[-1] <= now_us)
        return is_ordered and sum(words[place + 1] for place in places) == words[base + TOTAL]
