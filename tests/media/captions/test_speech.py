from media.captions.speech import primary, understands


def test_the_primary_subtag_decides():
    assert [primary(tag) for tag in ("en", "en-GB", "EN_us", "de-CH")] == ["en", "en", "en", "de"]


def test_an_english_engine_understands_no_german():
    assert understands("pocketsphinx", "en-GB")
    assert not understands("pocketsphinx", "de")


def test_other_engines_take_any_language():
    assert understands("openai-http", "de")
    assert understands("faster-whisper", "yue")
