using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Names;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Tests;

namespace FeedbackNN.Dsl.Tests;

/// <summary>What names mean by the text is what they mean to the binder, in every program of the corpus.</summary>
public sealed class NameTableTests
{
    private static readonly HashSet<string> Words = ["true", "false", "inf", "pi", "training"];

    public static TheoryData<string> Good => Corpus.Names("good");

    [Theory, MemberData(nameof(Good))]
    public void Every_name_that_the_binder_understands_is_found_by_the_text_too(string name) => Compare(Corpus.Read("good", name));

    [Theory, MemberData(nameof(Errors))]
    public void So_it_is_beside_errors(string name) => Compare(Corpus.Read("errors", name));

    public static TheoryData<string> Errors => Corpus.Names("errors");

    private static void Compare(SourceText source)
    {
        var (_, names) = new FnnInspector().Inspect([FnnParser.Parse(source)], "Corpus");
        var found = names.In(source).ToLookup(occurrence => occurrence.Place.Span.Start);
        var problems = names.Notes.Where(note => note.Source == source && !found[note.Start].Any(occurrence => Fits(occurrence.Name.Kind, note.Operand)))
            .Select(note => $"{source.GetPosition(note.Start)} {WordAt(source, note.Start)}: {note.Operand.Kind}, found {string.Join(", ", found[note.Start].Select(one => one.Name.Kind))}")
            .Where(problem => !Words.Contains(problem.Split(' ')[1].TrimEnd(':'))).Order(StringComparer.Ordinal);
        Assert.Equal("", string.Join("\n", problems));
    }

    [Fact]
    public void Every_name_that_the_binder_understands_in_the_library_is_found_by_the_text_too()
    {
        var all = Directory.GetFiles(Path.Combine(Corpus.Folder, "good"), "*.fnn").Select(path => FnnParser.Parse(new SourceText(path, "namespace N" + Path.GetFileNameWithoutExtension(path) + "\n" + File.ReadAllText(path)))).ToArray();
        var (_, names) = new FnnInspector().Inspect(all, "Corpus");
        var library = NameTable.LibrarySources.ToHashSet();
        var problems = names.Notes.Where(note => library.Contains(note.Source))
            .Where(note => !names.In(note.Source).Any(occurrence => occurrence.Place.Span.Start == note.Start && Fits(occurrence.Name.Kind, note.Operand)))
            .Select(note => $"{note.Source.Path}({note.Source.GetPosition(note.Start)}): {WordAt(note.Source, note.Start)}").Where(problem => !Words.Contains(problem.Split(' ')[1]));
        Assert.Equal("", string.Join("\n", problems));
        Assert.Contains(names.Notes, note => library.Contains(note.Source));
    }

    [Theory, MemberData(nameof(Good))]
    public void Every_name_of_a_good_program_can_be_renamed(string name)
    {
        var source = Corpus.Read("good", name);
        var inspector = new FnnInspector();
        var (before, names) = inspector.Inspect([FnnParser.Parse(source)], "Corpus");
        var expected = Codes(before);
        // Trains that share a pipeline's data have inputs and axes of the same names: one of them with another name is a mistake, and said to be one.
        var isShared = name == "pipelines.fnn";
        foreach (var declared in SlowRun.OneOf(4, names.In(source).Select(occurrence => occurrence.Name).Where(declared => !declared.IsLibrary && !(isShared && declared.Kind is NameKind.Input or NameKind.Axis)).Distinct()))
        {
            var text = names.Of(declared).Select(occurrence => occurrence.Place.Span).Distinct().OrderByDescending(span => span.Start)
                .Aggregate(source.Text, (current, span) => current[..span.Start] + Fresh(declared) + current[span.End..]);
            var after = inspector.Inspect([FnnParser.Parse(new SourceText(source.Path, text))], "Corpus").Diagnostics;
            if (expected != Codes(after)) Assert.Fail($"{declared.Kind} {declared.Text} of {declared.Owner?.Text}:\n{DiagnosticRenderer.RenderAll(after)}");
        }
    }

    [Fact]
    public void A_use_goes_to_the_binding_before_it()
    {
        var (source, names) = Inspect("""
            layer twice(n: dim)(x: real[..., n]) -> real[..., n] {
                y = x + 1
                y = y * 2
                return y
            }
            """);
        var uses = names.In(source).Where(occurrence => occurrence.Name.Text == "y").ToArray();
        Assert.Equal([true, true, false, false], uses.OrderBy(use => use.Place.Span.Start).Select(use => use.IsBinding).OrderDescending());
        Assert.Equal(1, LineOf(uses.Single(use => !use.IsBinding && LineOf(use.Place) == 2).Definition!.Value));
        Assert.Equal(2, LineOf(uses.Single(use => !use.IsBinding && LineOf(use.Place) == 3).Definition!.Value));
    }

    [Fact]
    public void Names_are_known_in_branches_that_nothing_takes_and_beside_errors()
    {
        var (source, names) = Inspect("""
            layer either(wide: bool = false)(x: real[..., n]) -> real[..., n] {
                if wide {
                    y = relu(x) + missing
                    x = y
                }
                return x
            }
            """);
        var use = names.At(source, source.Text.LastIndexOf("y", StringComparison.Ordinal))!;
        Assert.Equal((NameKind.Value, 2), (use.Name.Kind, LineOf(use.Definition!.Value)));
        Assert.Null(names.At(source, source.Text.IndexOf("missing", StringComparison.Ordinal) + 2));
    }

    [Fact]
    public void Types_are_those_of_the_first_use()
    {
        var (source, names) = Inspect("""
            layer dense(out: dim)(x: real[..., in]) -> real[..., out] {
                param weight: real[out, in]
                y[..., o] = sum[i] x[..., i] * weight[o, i]
                return y
            }
            model Net(x: f32[batch, 20]) -> f32[batch, 5] {
                first = dense(16)
                second = dense(5)
                return x |> first |> second
            }
            """);
        Assert.Equal("f32[batch, 16]", FactsOf("y[").Type);
        Assert.Equal(["out = 16"], FactsOf("weight:").Axes.Where(axis => axis.StartsWith("out", StringComparison.Ordinal)));
        Assert.Equal("20", FactsOf("in]").Type);
        var first = FactsOf("first =");
        Assert.Equal("dense(out: 16)", first.Type);
        Assert.Equal(["weight: f32[16, 20]"], first.Weights);

        NameFacts FactsOf(string text) => names.FactsOf(names.At(source, source.Text.IndexOf(text, StringComparison.Ordinal))!)!;
    }

    [Fact]
    public void Arguments_and_members_lead_to_what_they_name()
    {
        var (source, names) = Inspect("""
            layer block(width: dim)(x: real[..., n]) -> real[..., n] {
                inner = linear(width)
                back = linear(n)
                return x |> inner |> back
            }
            model Net(x: f32[batch, 4]) -> f32[batch, 4] {
                repeat 2 as k : blocks {
                    attn named "attn{k}" = block(width: 8)
                    x = attn(x)
                }
                return x
            }
            train Fit for net: Net (x: f32[batch, 4]) {
                minimize mean(net(x) ^ 2) with sgd(lr: 0.1)
                freeze net.blocks.*.attn.inner.weight
            }
            """);
        Assert.Equal(NameKind.Config, At("width: 8").Name.Kind);
        Assert.Equal(0, LineOf(At("width: 8").Definition!.Value));
        Assert.Equal((NameKind.Copies, 6), (At("blocks.*").Name.Kind, LineOf(At("blocks.*").Definition!.Value)));
        Assert.Equal(7, LineOf(At("attn.inner").Definition!.Value));
        Assert.Equal(1, LineOf(At("inner.weight").Definition!.Value));
        Assert.True(At("weight\n").Name.IsLibrary);
        Assert.Equal((NameKind.Step, 6), (At("k}").Name.Kind, LineOf(At("k}").Definition!.Value)));

        Occurrence At(string text) => names.At(source, source.Text.IndexOf(text, StringComparison.Ordinal))!;
    }

    [Fact]
    public void Ordinary_checks_note_nothing()
    {
        var scope = Binder.Collect([FnnParser.Parse(Corpus.Read("good", "adversaries.fnn"))]);
        Assert.Null(scope.Notes);
    }

    private static bool Fits(NameKind kind, Operand operand) => operand switch
    {
        // x.T and the others
        TensorOperand or ShapeOperand when kind == NameKind.BuiltIn => true,
        TensorOperand => kind is NameKind.Input or NameKind.Value or NameKind.Param or NameKind.Buffer or NameKind.State or NameKind.Slice or NameKind.Step or NameKind.Collection or NameKind.Metric or NameKind.Const,
        InstanceOperand => kind is NameKind.Instance or NameKind.Net or NameKind.Value or NameKind.Config,
        CallableOperand or MemberOperand => kind is NameKind.Fn or NameKind.Layer or NameKind.Model or NameKind.Config or NameKind.Value,
        BuiltInOperand => kind is NameKind.BuiltIn or NameKind.Config or NameKind.Value,
        _ => kind is not (NameKind.Fn or NameKind.Layer or NameKind.Model or NameKind.BuiltIn or NameKind.Instance),
    };

    // As different from all others as can be; one that begins with _ may be unused.
    private static string Fresh(DeclaredName name) => name.Text[0] == '_' ? name.Text + "_zz" : char.IsUpper(name.Text[0]) ? "Zz" + name.Text : "zz_" + name.Text;

    private static string Codes(IEnumerable<Diagnostic> diagnostics) => string.Join(" ", diagnostics.Select(diagnostic => diagnostic.Code).Order(StringComparer.Ordinal));

    private static string WordAt(SourceText source, int start) => new(source.Text.Skip(start).TakeWhile(c => char.IsLetterOrDigit(c) || c == '_').ToArray());

    private static int LineOf(Location place) => place.Source.GetPosition(place.Span.Start).Line;

    private static (SourceText Source, NameTable Names) Inspect(string text)
    {
        var source = new SourceText("test.fnn", text);
        return (source, new FnnInspector().Inspect([FnnParser.Parse(source)], "Test").Names);
    }
}
