from media.picture import Picture


def test_lines_rank_pictures_and_layers_rank_those_of_unknown_size():
    large, small = Picture("high", 1, 1280, 720), Picture("low", 3, 320, 180)
    assert max((small, large), key=lambda picture: picture.rank) is large
    unknown = [Picture("a", 2), Picture("b", 3), Picture("c", 1)]
    assert max(unknown, key=lambda picture: picture.rank).rid == "b"
