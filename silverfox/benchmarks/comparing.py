"""Two ways to the same result, timed in turns: a drift of the machine meets both, and the ratio stays."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The seconds of every round of our way and of the peer's."""

    ours: str
    peer: str
    ours_seconds: Sequence[float]
    peer_seconds: Sequence[float]
    target: float

    @property
    def ratio(self) -> float:
        """How many times faster than the peer we are, median against median."""
        return median(self.peer_seconds) / median(self.ours_seconds)

    def document(self) -> dict[str, Any]:
        return {
            "ours": {"name": self.ours, "median_seconds": round(median(self.ours_seconds), 6)},
            "peer": {"name": self.peer, "median_seconds": round(median(self.peer_seconds), 6)},
            "rounds": len(self.ours_seconds),
            "ratio": round(self.ratio, 2),
            "target_ratio": self.target,
        }

    def describe(self, rounds: int = 0) -> str:
        """In words; `rounds` where this comparison was read from the document of so many."""
        ours, peer = median(self.ours_seconds), median(self.peer_seconds)
        width = max(len(self.ours), len(self.peer))
        rounds = rounds or len(self.ours_seconds)
        return (
            f"  {self.ours:<{width}}  {ours:10.4f} s\n"
            f"  {self.peer:<{width}}  {peer:10.4f} s\n"
            f"  {rounds} rounds in turns, medians; ratio {self.ratio:.1f} (target {self.target:.0f} or more)"
        )


def read_comparison(document: Mapping[str, Any]) -> Comparison:
    """The comparison that another process made in a single round, from its document."""
    ours, peer = document["ours"], document["peer"]
    return Comparison(
        ours=ours["name"],
        peer=peer["name"],
        ours_seconds=[ours["median_seconds"]],
        peer_seconds=[peer["median_seconds"]],
        target=document["target_ratio"],
    )


def compare(
    *,
    ours: tuple[str, Callable[[], None]],
    peer: tuple[str, Callable[[], None]],
    rounds: int,
    target: float,
    tidy: Callable[[], None] = lambda: None,
) -> Comparison:
    """Run both ways in turns, `rounds` times each, and give their times; `tidy` runs before each and is not timed."""
    times = []
    for _ in range(rounds):
        tidy()
        own = seconds(ours[1])
        tidy()
        times.append((own, seconds(peer[1])))
    return Comparison(
        ours=ours[0],
        peer=peer[0],
        ours_seconds=[own for own, _ in times],
        peer_seconds=[other for _, other in times],
        target=target,
    )


def seconds(way: Callable[[], None]) -> float:
    """How long it takes to do this once."""
    started = time.perf_counter()
    way()
    return time.perf_counter() - started
