"""Who serves which skill: a maximum flow from profiles to skills, cell by cell.

Shortest augmenting paths (Edmonds and Karp), so that real-valued amounts end too. `used` starts at zero; what stays
in `unmet` cannot be served by anybody, and `reached` then is the set of skills that asks for more than all people who
know any of them (Hall's condition).
"""

from closeknit.engine.compiled import Cube, FlagMatrix, IntMatrix, IntVector, Matrix, Vector, kernel


@kernel
def cover_skills(
    start: int,
    stop: int,
    knows: FlagMatrix,
    spare: Matrix,
    unmet: Matrix,
    slack: Vector,
    used: Cube,
    reached: FlagMatrix,
    parent: IntMatrix,
    queue: IntMatrix,
) -> None:
    """Serve cells start..stop: moves amounts from `spare` (profiles) and `unmet` (skills) into `used`."""
    for cell in range(start, stop):
        while True:
            last = _find_path(knows, spare[cell], unmet[cell], slack[cell], used[cell], parent[cell], queue[cell])
            if last < 0:
                break
            _push(last, spare[cell], unmet[cell], used[cell], parent[cell])
        skills = knows.shape[1]
        for skill in range(skills):
            reached[cell, skill] = parent[cell, skill] != -2


@kernel
def _find_path(
    knows: FlagMatrix,
    spare: Vector,
    unmet: Vector,
    slack: float,
    used: Matrix,
    parent: IntVector,
    queue: IntVector,
) -> int:
    """A profile with spare hours that a shortest path joins to an unmet skill, or -1.

    Nodes: skills 0.., then profiles. `parent` is -2 where unseen, -1 at a start.
    """
    profiles, skills = knows.shape
    head, tail = 0, 0
    for node in range(skills + profiles):
        parent[node] = -2
    for skill in range(skills):
        if unmet[skill] > slack:
            parent[skill] = -1
            queue[tail] = skill
            tail += 1
    while head < tail:
        node = queue[head]
        head += 1
        if node < skills:
            for profile in range(profiles):
                if knows[profile, node] and parent[skills + profile] == -2:
                    parent[skills + profile] = node
                    if spare[profile] > slack:
                        return profile
                    queue[tail] = skills + profile
                    tail += 1
        else:
            for skill in range(skills):
                if parent[skill] == -2 and used[node - skills, skill] > 0.0:
                    parent[skill] = node
                    queue[tail] = skill
                    tail += 1
    return -1


@kernel
def _push(last: int, spare: Vector, unmet: Vector, used: Matrix, parent: IntVector) -> None:
    """Send as much as the path to profile `last` takes."""
    skills = unmet.shape[0]
    amount = spare[last]
    skill = parent[skills + last]
    while parent[skill] >= 0:
        profile = parent[skill] - skills
        if used[profile, skill] < amount:
            amount = used[profile, skill]
        skill = parent[skills + profile]
    if unmet[skill] < amount:
        amount = unmet[skill]
    unmet[skill] -= amount
    spare[last] -= amount
    profile = last
    skill = parent[skills + profile]
    used[profile, skill] += amount
    while parent[skill] >= 0:
        profile = parent[skill] - skills
        used[profile, skill] -= amount
        skill = parent[skills + profile]
        used[profile, skill] += amount
