using System.Text;
using CsCheck;
using FeedbackNN.Examples.Tests;
using FeedbackNN.Runtime.Tests;

namespace FeedbackNN.Text.Tests;

public sealed class TokenizerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Characters_are_tokens_in_the_order_of_their_code_points()
    {
        var tokenizer = CharacterTokenizer.Train([new Document("bca"), new Document("a😀\n")]);
        Assert.Equal(5, tokenizer.VocabularySize);
        Assert.Equal([1, 2, 4, 0, 3], tokenizer.EncodeToIds("ab😀\nc"));
        Assert.Equal("ab😀\nc", tokenizer.Decode([1, 2, 4, 0, 3]));
        Assert.Equal(5, tokenizer.CountTokens("ab😀\nc"));
        tokenizer.Save(_folder["c.json"]);
        var again = CharacterTokenizer.Load(_folder["c.json"]);
        Assert.Equal(tokenizer.EncodeToIds("😀cab"), again.EncodeToIds("😀cab"));
        Assert.Contains("'d' (U+0064) at position 1 is not in the vocabulary of 5 characters", Assert.Throws<ArgumentException>(() => again.EncodeToIds("ad")).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => again.Decode([5]));
    }

    [Fact]
    public void A_character_may_stand_for_all_others()
    {
        var tokenizer = CharacterTokenizer.Train([new Document("ab?")], unknown: new Rune('?'));
        tokenizer.Save(_folder["c.json"]);
        Assert.Equal("a??b", tokenizer.Decode(CharacterTokenizer.Load(_folder["c.json"]).EncodeToIds("axyb")));
        Assert.Throws<ArgumentException>(() => CharacterTokenizer.Train([new Document("ab")], unknown: new Rune('?')));
        Assert.Throws<ArgumentException>(() => CharacterTokenizer.Train([]));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("{\"Characters\": \"aa\"}")]
    [InlineData("{\"Characters\": \"ab\", \"Unknown\": 2}")]
    [InlineData("[1]")]
    [InlineData("")]
    public void Another_file_is_no_vocabulary(string content) =>
        Assert.Contains("c.json", Assert.Throws<DataException>(() => CharacterTokenizer.Load(_folder.Write("c.json", content))).Message);

    [Fact]
    public void Merges_are_those_that_counting_anew_gives()
    {
        // Few letters, so that pairs are frequent, and ties, overlaps and repetitions occur.
        Gen.Char["aab c"].Array[0, 80].Select(letters => new string(letters)).List[1, 4].Sample(texts =>
        {
            var actual = BytePairTraining.Train(texts.Select(text => new Document(text)), 256 + 12).Merges;
            Assert.Equal(NaiveMerges(texts, 12), actual);
        }, iter: 300);
    }

    // The rule as it is written in the paper: count all pairs of all pieces, take the most frequent, merge, and begin again.
    private static List<(string, string)> NaiveMerges(IEnumerable<string> texts, int count)
    {
        var ids = BytePairAlphabet.All.Select((character, id) => (character.ToString(), id)).ToDictionary();
        var pieces = texts.SelectMany(text => BytePairVocabulary.Pieces().Matches(text)).Select(match => Encoding.UTF8.GetBytes(match.Value).Select(b => BytePairAlphabet.Of[b].ToString()).ToList()).ToList();
        var merges = new List<(string, string)>();
        while (ids.Count < 256 + count)
        {
            var best = pieces.SelectMany(piece => piece.Zip(piece.Skip(1))).GroupBy(pair => pair).Where(group => group.Count() > 1)
                .OrderByDescending(group => group.Count()).ThenBy(group => ids[group.Key.First]).ThenBy(group => ids[group.Key.Second]).FirstOrDefault();
            if (best is null) break;
            var (left, right) = best.Key;
            merges.Add(best.Key);
            ids.TryAdd(left + right, ids.Count);
            foreach (var piece in pieces)
            {
                for (var i = 0; i + 1 < piece.Count; i++)
                {
                    if ((piece[i], piece[i + 1]) != best.Key) continue;
                    piece[i] += right;
                    piece.RemoveAt(i + 1);
                }
            }
        }
        return merges;
    }

    [Fact]
    public void A_trained_vocabulary_encodes_every_text_and_gives_it_back()
    {
        var vocabulary = BytePairTraining.Train([new Document("the cat and the hat, the bat and the mat")], 280, "<|end|>");
        Assert.Equal(" the", string.Concat(vocabulary.Merges.Where(merge => merge.Left + merge.Right == "Ġthe").Select(_ => " the")));
        Assert.Equal(vocabulary.Size - 1, vocabulary["<|end|>"]);
        vocabulary.Save(_folder.Path);
        var again = BytePairVocabulary.Load(_folder["vocab.json"], _folder["merges.txt"]);
        Assert.Equal((vocabulary.Size, 1), (again.Size, again.SpecialTokens.Count));
        var (first, second) = (vocabulary.CreateTokenizer(), again.CreateTokenizer());
        Assert.True(first.CountTokens("the cat and the hat") < 10);
        Gen.String[0, 40].Where(text => text.EnumerateRunes().All(rune => rune != Rune.ReplacementChar)).Sample(text =>
        {
            var ids = first.EncodeToIds(text);
            Assert.Equal(ids, second.EncodeToIds(text));
            Assert.Equal(text, first.Decode(ids));
        }, iter: 500);
        Assert.Equal([vocabulary["t"], vocabulary["<|end|>"], vocabulary["t"]], first.EncodeToIds("t<|end|>t"));
    }

    [Fact]
    public void A_vocabulary_needs_room_for_bytes_and_special_tokens() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => BytePairTraining.Train([new Document("a")], 256, "<|end|>"));

    [Fact]
    public void Files_that_do_not_belong_together_are_refused()
    {
        var vocabulary = BytePairTraining.Train([new Document("abab abab")], 258);
        vocabulary.Save(_folder.Path);
        Assert.Contains("merges.txt(2): 'xy' is not in", Assert.Throws<DataException>(() => BytePairVocabulary.Load(_folder["vocab.json"], _folder.Write("merges.txt", "#version: 0.2\nx y\n"))).Message);
        Assert.Contains("merges.txt(1): it is no merge", Assert.Throws<DataException>(() => BytePairVocabulary.Load(_folder["vocab.json"], _folder.Write("merges.txt", "abc\n"))).Message);
        Assert.Contains("which stands for a byte", Assert.Throws<DataException>(() => BytePairVocabulary.Load(_folder.Write("vocab.json", "{\"a\": 0}"), _folder.Write("merges.txt", ""))).Message);
    }

    [SkippableFact]
    public void The_vocabulary_of_GPT_2_gives_its_ids()
    {
        var folder = SharedData.Find("gpt2-bpe");
        var vocabulary = BytePairVocabulary.Load(Path.Combine(folder, "encoder.json"), Path.Combine(folder, "vocab.bpe"));
        Assert.Equal(50257, vocabulary.Size);
        Assert.Equal(["<|endoftext|>"], vocabulary.SpecialTokens);
        var tokenizer = vocabulary.CreateTokenizer();
        Assert.Equal([15496, 995], tokenizer.EncodeToIds("Hello world"));
        Assert.Equal([50256], tokenizer.EncodeToIds("<|endoftext|>"));
        const string Text = "It's 3 o'clock — naïve café,\n\n  indented 日本語 😀";
        Assert.Equal(Text, tokenizer.Decode(tokenizer.EncodeToIds(Text)));
    }
}
