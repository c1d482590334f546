"""JSON operations of freshness: what each decision asks for, and what each feed has."""

from dataclasses import dataclass

from ninja import Router

from closeknit.kernel import clock
from closeknit.kernel.http import Request
from closeknit.rooms.sensing import reads
from closeknit.rooms.sensing.contracts import FeedFreshness, FreshFor, Freshness

router = Router(tags=["sensing"])


@dataclass(frozen=True, slots=True)
class FreshnessAnswer:
    """Whether an operation's data is fresh enough for a kind of decision, and by which feeds."""

    freshness: Freshness
    stale_feeds: int
    is_stale: bool


@router.get("/freshness", response=list[FeedFreshness])
def list_freshness(request: Request, feed: str = "", region: str = "", site: str = ""):
    """Each feed against what each kind of decision asks for, and how it should come."""
    return reads.list_feed_freshness(feed, region=region, site=site, at=clock.now(), by=request.actor)


@router.get("/freshness/{kind}", response=FreshnessAnswer)
def get_freshness(request: Request, kind: FreshFor, operation: str, region: str = "", site: str = ""):
    """Whether what an operation stands on is fresh enough for a kind of decision."""
    found = reads.get_freshness(kind, operation, region=region, site=site, at=clock.now(), by=request.actor)
    return FreshnessAnswer(found, found.stale_feeds, found.is_stale)
