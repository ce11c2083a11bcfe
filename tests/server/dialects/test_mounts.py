from server.dialects.mounts import MOUNTS


def test_every_dialect_is_mounted_by_a_function_of_its_own():
    modules = [mount.__module__.split(".")[2] for mount in MOUNTS]
    assert modules == ["convex", "realtimekit", "buddy"]
