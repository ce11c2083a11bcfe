"""Speech to text: utterances cut from speakers' sound, engines in processes of their own."""
