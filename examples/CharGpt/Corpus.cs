using FeedbackNN;

namespace CharGpt;

/// <summary>Text as letters: the 128 of ASCII, and a question mark for any other.</summary>
public static class Corpus
{
    /// <summary>What is learned when nothing else is given: this project's language, its library and its manual.</summary>
    /// <exception cref="DirectoryNotFoundException">The program does not run inside the repository.</exception>
    public static string OwnText()
    {
        var root = AppContext.BaseDirectory;
        while (root is not null && !File.Exists(Path.Combine(root, "FeedbackNN.sln"))) root = Path.GetDirectoryName(root);
        if (root is null) throw new DirectoryNotFoundException("The repository is not around this program: pass a text to learn instead.");
        string[] Files(string folder, string pattern, SearchOption option = SearchOption.TopDirectoryOnly) => Directory.GetFiles(Path.Combine(root, folder), pattern, option).Order(StringComparer.Ordinal).ToArray();
        var language = Files("src/FnnDsl/Library", "*.fnn").Concat(Files("tests/corpus/good", "*.fnn"))
            .Concat(Directory.GetDirectories(Path.Combine(root, "examples")).Order(StringComparer.Ordinal).SelectMany(folder => Directory.GetFiles(folder, "*.fnn")));
        return string.Join("\n", language.Concat(Files("docs", "*.md")).Select(File.ReadAllText)).Replace("\r", "");
    }

    public static int[] Encode(string text) => [.. text.Select(letter => letter < 128 ? letter : '?')];

    public static char Decode(int letter) => (char)letter;

    /// <summary>Windows of the text, each with the same one letter on. They begin anywhere.</summary>
    public static IDataSource<Fit.Sample> Windows(int[] text, int length) => DataSource.From(text.Length - length, start =>
        new Fit.Sample(text.AsMemory(start, length), text.AsMemory(start + 1, length)));
}
