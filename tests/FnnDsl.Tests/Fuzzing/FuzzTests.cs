using Xunit.Abstractions;

namespace FeedbackNN.Dsl.Tests.Fuzzing;

/// <summary>
/// Whatever the files hold, the compiler says something about them, in good time and at places that are in them. <c>FNN_FUZZ=1000000</c> says how many inputs each
/// test takes; a failure names its input.
/// </summary>
public sealed class FuzzTests(ITestOutputHelper output)
{
    // Without what unfolds up to the limit: a second for each of its edits.
    private static readonly string[] Programs = Corpus.All.Where(program => program.Path != "unfolding.fnn").Select(program => program.Text).ToArray();

    [Fact]
    public void Edited_programs_are_checked() => Run("edited programs: checked without an exception, a hang or a place outside", 2_000, Edited, FuzzRun.CheckWhatIsSaid);

    [Fact]
    public void Word_soup_is_checked() =>
        Run("word soup: checked without an exception, a hang or a place outside", 1_000, number => [new ProgramMutator(new Random(number), Programs).Soup()], FuzzRun.CheckWhatIsSaid);

    [Fact]
    public void What_has_no_errors_compiles() => Run("programs with one edit: what has no errors compiles", 350, LightlyEdited, FuzzRun.CheckWhatIsMade);

    private void Run(string what, int ordinary, Func<int, string[]> make, Func<string[], string?> check)
    {
        var range = FuzzRun.Range(ordinary);
        output.WriteLine(FuzzRun.Over(range, make, check));
        if (range.To - range.From > ordinary) ResultsRow.Write("inputs by random edits (see tests/FnnDsl.Tests/Fuzzing)", what, $"{range.To - range.From}", "no failure");
    }

    private static string[] Edited(int number)
    {
        var random = new Random(number);
        var mutator = new ProgramMutator(random, Programs);
        return random.Next(10) == 0 ? [mutator.Next(), mutator.Next()] : [mutator.Next()];
    }

    private static readonly string[] GoodPrograms = Directory.GetFiles(Path.Combine(Corpus.Folder, "good"), "*.fnn").Order(StringComparer.Ordinal).Select(File.ReadAllText).ToArray();

    private static string[] LightlyEdited(int number) => [new ProgramMutator(new Random(number), GoodPrograms).Light()];
}
