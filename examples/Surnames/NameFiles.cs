using FeedbackNN;

namespace Surnames;

/// <summary>A folder with a file for each language, <c>Italian.txt</c>, and in it a name a line.</summary>
internal sealed class NameFiles
{
    // Characters are counted from 2: 0 fills up short names, 1 is any other character.
    private const string Alphabet = "abcdefghijklmnopqrstuvwxyz '-ßàáãäçèéêìíñòóõöùúüąłńśż";
    private const int Longest = 20;

    private NameFiles(string[] languages, IDataSource<Fit.Sample> names) => (Languages, Names) = (languages, names);

    public string[] Languages { get; }

    /// <summary>Each name once a language: some files repeat theirs, and a name that was learned is none to be tested on.</summary>
    public IDataSource<Fit.Sample> Names { get; }

    public static NameFiles Read(string folder)
    {
        var files = Directory.GetFiles(folder, "*.txt").Order(StringComparer.Ordinal).ToArray();
        if (files.Length != Surnames.Languages.Size)
            throw new DataException(folder, $"has {files.Length} files *.txt", $"surnames.fnn says that there are {Surnames.Languages.Size} languages");
        var names = files.SelectMany((file, language) => File.ReadLines(file).Where(name => name.Length > 0).Distinct().Select(name =>
        {
            var letters = Encode(name);
            var filled = new int[Longest];
            letters.CopyTo(filled, 0);
            return new Fit.Sample(filled, letters.Length, language);
        }));
        return new NameFiles(files.Select(file => Path.GetFileNameWithoutExtension(file)).ToArray(), DataSource.From(names.ToArray()));
    }

    public static int[] Encode(string name) => name.ToLowerInvariant().Take(Longest).Select(letter => Alphabet.IndexOf(letter) + 2).Select(code => Math.Max(code, 1)).ToArray();
}
