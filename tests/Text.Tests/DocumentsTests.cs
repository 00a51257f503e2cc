using System.Text;
using FeedbackNN.Examples.Tests;
using FeedbackNN.Runtime.Tests;

namespace FeedbackNN.Text.Tests;

public sealed class DocumentsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Lines_are_documents_but_for_blank_ones()
    {
        var path = _folder.Write("a.txt", "one\r\n\n  \ntwo\n");
        Assert.Equal([new Document("one", null, path + "(1)"), new Document("two", null, path + "(4)")], Documents.FromLines(path));
    }

    [Fact]
    public void A_folder_is_read_in_the_order_of_names()
    {
        Directory.CreateDirectory(_folder["ham"]);
        Directory.CreateDirectory(_folder["spam"]);
        _folder.Write("spam/b.txt", "win");
        _folder.Write("ham/z.txt", "hello");
        _folder.Write("ham/skipped.md", "not this");
        var documents = Documents.FromFolder(_folder.Path, labelByFolder: true).ToArray();
        Assert.Equal([("hello", "ham"), ("win", "spam")], documents.Select(document => (document.Text, document.Label!)));
        Assert.Contains("no file in it is called *.csv", Assert.Throws<DataException>(() => Documents.FromFolder(_folder.Path, "*.csv")).Message);
        Assert.Contains("there is no such folder", Assert.Throws<DataException>(() => Documents.FromFolder(_folder["none"])).Message);
    }

    [Fact]
    public void Columns_go_by_name_or_place()
    {
        var comma = _folder.Write("a.csv", "label,text\nham,\"well, hello\"\n");
        Assert.Equal([new Document("well, hello", "ham", comma + "(2)")], Documents.FromCsv(comma, "text", "label"));
        var tab = _folder.Write("a.tsv", "ham\t\"Quoted\" and not closed: \"\nspam\tb\n");
        Assert.Equal([new Document("\"Quoted\" and not closed: \"", "ham", tab + "(1)"), new Document("b", "spam", tab + "(2)")], Documents.FromCsv(tab, text: 1, label: 0, CsvOptions.TabSeparated));
        Assert.Contains("txt", Assert.Throws<DataException>(() => Documents.FromCsv(comma, "txt").ToArray()).Message);
    }

    [Fact]
    public void Json_lines_have_a_text_and_a_label()
    {
        var path = _folder.Write("a.jsonl", "{\"text\": \"a\\nb\", \"stars\": 5}\n\n{\"stars\": 1, \"text\": \"c\"}\n");
        Assert.Equal([("a\nb", "5"), ("c", "1")], Documents.FromJsonLines(path, label: "stars").Select(document => (document.Text, document.Label!)));
    }

    [Theory]
    [InlineData("{\"text\": \"a\"}\n{\"body\": \"b\"}\n", "a.jsonl(2): it has no \"text\", only \"body\"")]
    [InlineData("{\"text\": 3}\n", "a.jsonl(1): its \"text\" is not a string")]
    [InlineData("{\"text\": \"a\"\n", "a.jsonl(1): it is not JSON")]
    [InlineData("[1]\n", "a.jsonl(1): it is not a JSON object")]
    public void What_is_wrong_with_a_line_is_said(string content, string expected) =>
        Assert.Contains(expected, Assert.Throws<DataException>(() => Documents.FromJsonLines(_folder.Write("a.jsonl", content)).ToArray()).Message);

    [Fact]
    public void Bytes_that_are_no_text_are_refused()
    {
        var path = _folder.Write("a.txt", [0x61, 0xFF, 0x0A]);
        Assert.Contains("not UTF-8", Assert.Throws<DataException>(() => Documents.FromFile(path).ToArray()).Message);
        Assert.Contains("a.txt(1): it is not UTF-8", Assert.Throws<DataException>(() => Documents.FromLines(path).ToArray()).Message);
        Assert.Contains("there is no such file", Assert.Throws<DataException>(() => Documents.FromLines(_folder["b.txt"]).ToArray()).Message);
    }

    [Fact]
    public void Packed_files_are_read_like_others() =>
        Assert.Equal("one\ntwo", Documents.FromFile(_folder.Write("a.txt.gz", TemporaryFolder.Pack(Encoding.UTF8.GetBytes("one\ntwo")))).Single().Text);

    [Fact]
    public void Normalizing_unifies_forms_line_ends_and_spaces()
    {
        Assert.Equal("a\nbc\n\nd", new[] { new Document("  a \r\nb\u0000c\t \r\r\nd ") }.Normalized().Single().Text);
        var document = new Document("  cafe\u0301 \r\nb\u0000c\t \r\r\n\ufb01 ");
        if (!"e\u0301".Normalize().Equals("\u00E9", StringComparison.Ordinal))
        {
            Assert.Contains("InvariantGlobalization", Assert.Throws<PlatformNotSupportedException>(() => new[] { document }.Normalized().Single()).Message);
            return;
        }
        Assert.Equal("caf\u00E9\nbc\n\n\ufb01", new[] { document }.Normalized().Single().Text);
        Assert.Equal("caf\u00E9\nbc\n\nfi", new[] { document }.Normalized(NormalizationForm.FormKC).Single().Text);
        var once = new[] { document }.Normalized().Single();
        Assert.Equal(once, new[] { once }.Normalized().Single());
    }

    [Fact]
    public void Duplicates_differ_in_case_and_space_at_most() =>
        Assert.Equal(["One two", "one  two three"], Texts("One two", "one\ttwo ", "one  two three").WithoutDuplicates().Select(document => document.Text));

    [Fact]
    public void Lengths_are_bounds() => Assert.Equal(["ab", "abc"], Texts("a", "ab", "abc", "abcd").WithLength(2, 3).Select(document => document.Text));

    [Theory]
    [InlineData(0.5)]
    [InlineData(0.8)]
    [InlineData(1.0)]
    public void Near_duplicates_are_those_that_comparing_all_finds(double similarity)
    {
        var random = new Random(3);
        var texts = new List<string>();
        for (var i = 0; i < 60; i++)
        {
            var words = Enumerable.Range(0, 40).Select(_ => "w" + random.Next(500)).ToArray();
            texts.Add(string.Join(' ', words));
            for (var copy = random.Next(4); copy > 0; copy--)
            {
                for (var change = random.Next(6); change > 0; change--) words[random.Next(words.Length)] = "other" + random.Next(50);
                texts.Add(string.Join(' ', words));
            }
        }
        var expected = new List<(string Text, HashSet<string> Sequences)>();
        foreach (var text in texts)
        {
            var words = text.Split(' ');
            var sequences = Enumerable.Range(0, words.Length - 2).Select(start => string.Join(' ', words[start..(start + 3)])).ToHashSet();
            if (!expected.Any(other => (double)other.Sequences.Intersect(sequences).Count() / other.Sequences.Union(sequences).Count() >= similarity)) expected.Add((text, sequences));
        }
        var actual = Texts([.. texts]).WithoutNearDuplicates(similarity, words: 3).Select(document => document.Text);
        Assert.True(expected.Count < texts.Count);
        Assert.Equal(expected.Select(item => item.Text), actual);
    }

    [Fact]
    public void Short_and_empty_texts_are_compared_as_a_whole() =>
        Assert.Equal(["", "a b", "a c"], Texts("", " ", "a b", "A  b", "a c").WithoutNearDuplicates().Select(document => document.Text));

    [Fact]
    public void No_text_is_in_both_parts_whatever_else_there_is()
    {
        var documents = Texts([.. Enumerable.Range(0, 2000).Select(i => $"Text number {i % 1500}")]).ToArray();
        var (train, test) = documents.Split(0.8, seed: 4);
        var (first, second) = (train.Select(document => document.Text).ToHashSet(), test.Select(document => document.Text).ToHashSet());
        Assert.Empty(first.Intersect(second));
        Assert.Equal(1500, first.Count + second.Count);
        Assert.InRange(first.Count, 1140, 1260); // 1200, and four standard deviations
        // A document stays where it is when others come and go, and with other spaces.
        Assert.All(documents[..50].Select(document => document with { Text = document.Text.ToUpperInvariant() + " " }).ToArray().Split(0.8, seed: 4).Train, document => Assert.Contains(document.Text.Trim(), first, StringComparer.OrdinalIgnoreCase));
        Assert.NotEqual(first, documents.Split(0.8, seed: 5).Train.Select(document => document.Text).ToHashSet());
    }

    [SkippableFact]
    public void The_messages_of_the_spam_collection()
    {
        var documents = Documents.FromCsv(Path.Combine(SharedData.Find("sms-spam"), "sms.tsv"), text: 1, label: 0, CsvOptions.TabSeparated).ToArray();
        Assert.Equal((5574, 747), (documents.Length, documents.Count(document => document.Label == "spam")));
        Assert.InRange(documents.WithoutDuplicates().Count(), 5000, 5200);
    }

    private static IEnumerable<Document> Texts(params string[] texts) => texts.Select(text => new Document(text));
}
