using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Programs.Tests;

namespace FeedbackNN.Onnx.Tests;

/// <summary>Every model of the corpus of good programs, and of the examples, is exported, and ONNX Runtime gives what the interpreter gives.</summary>
public sealed class CorpusTests
{
    // Models that draw random numbers as they infer, which no ONNX file can do alike.
    private static readonly string[] Drawing = ["Noisy", "RunTimeSegments"];

    public static TheoryData<string> Files() => new(CorpusPrograms.Files);

    [Theory]
    [MemberData(nameof(Files))]
    public void ExportedAndInterpretedAgree(string file)
    {
        var scope = Binder.Collect([FnnParser.Parse(new SourceText(file, File.ReadAllText(Path.Combine(Repository.Root, file))))], "Corpus");
        foreach (var name in scope.Models)
        {
            var model = Binder.BindModel(scope, name.Namespace, name.Name).Result!;
            var program = new CorpusProgram(file, name.Name, model.Inference, model.RuntimeAxes, model.Inputs, model.Guards, Largest: 1);
            if (Drawing.Contains(name.Name))
            {
                Assert.Throws<OnnxExportException>(() => new ExportedModel(model));
                continue;
            }
            var all = program.SizesThatFit(1, 3).Take(2).ToArray();
            // What fits small axes fits larger ones.
            using var exported = new ExportedModel(model, program.DrawAt(all[0]));
            var seed = 0;
            foreach (var sizes in all) exported.Check(sizes, seed: ++seed);
            Assert.True(seed > 0);
        }
    }
}
