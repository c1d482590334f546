"""The errors the engine raises. Each says which input, where in it, and what to do."""


class EngineError(Exception):
    """Anything the engine refuses or cannot finish."""


class EngineInputError(EngineError, ValueError):
    """An input that no answer can be right for (NaN, infinity, wrong shape, impossible value)."""


class EngineSolverError(EngineError, RuntimeError):
    """A solver stopped without a proven answer; no result is returned."""
