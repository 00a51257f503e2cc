using Xunit.Abstractions;

namespace FeedbackNN.Dsl.Tests.Fuzzing;

/// <summary>
/// Whatever the files hold, the compiler says something about them, in good time and at places that are in them. <c>FNN_FUZZ=1000000</c> says how many inputs each
/// test takes; a failure names its input.
/// </summary>
public sealed class FuzzTests(ITestOutputHelper output)
{
    private static readonly string[] Programs = Corpus.All.Select(program => program.Text).ToArray();

    [Fact]
    public void Edited_programs_are_checked() => output.WriteLine(FuzzRun.Over(FuzzRun.Range(14_000), Edited, FuzzRun.CheckWhatIsSaid));

    [Fact]
    public void Word_soup_is_checked() => output.WriteLine(FuzzRun.Over(FuzzRun.Range(4_000), number => [new ProgramMutator(new Random(number), Programs).Soup()], FuzzRun.CheckWhatIsSaid));

    [Fact]
    public void What_has_no_errors_compiles() => output.WriteLine(FuzzRun.Over(FuzzRun.Range(2_000), LightlyEdited, FuzzRun.CheckWhatIsMade));

    private static string[] Edited(int number)
    {
        var random = new Random(number);
        var mutator = new ProgramMutator(random, Programs);
        return random.Next(10) == 0 ? [mutator.Next(), mutator.Next()] : [mutator.Next()];
    }

    private static readonly string[] GoodPrograms = Directory.GetFiles(Path.Combine(Corpus.Folder, "good"), "*.fnn").Order(StringComparer.Ordinal).Select(File.ReadAllText).ToArray();

    private static string[] LightlyEdited(int number) => [new ProgramMutator(new Random(number), GoodPrograms).Light()];
}
