using System.Text.RegularExpressions;
using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Tests;

namespace FeedbackNN.Dsl.Tests;

/// <summary>
/// One mistake gives no second error: of a program from which a declaration or a binding is taken, each place that names what is gone may complain, and nothing else.
/// </summary>
public sealed partial class CascadeTests
{
    public static TheoryData<string> Good => Corpus.Names("good");

    [Theory, MemberData(nameof(Good))]
    public void A_missing_declaration_is_missed_by_its_users_alone(string name) =>
        CheckEach(name, file => file.Declarations.Select(declaration => new Removal(declaration.Name.Text, [declaration.Name.Text], WholeOf(file, declaration))));

    [Theory, MemberData(nameof(Good))]
    public void A_missing_binding_is_missed_by_its_users_alone(string name) =>
        CheckEach(name, file => file.Declarations.SelectMany(BodyOf).SelectMany(statement => AndInside(statement, [])).Select(item => (item.Statement, Names: NamesBoundBy(item.Statement).Concat(item.Paths).ToArray()))
            .Where(pair => NamesBoundBy(pair.Statement).Length > 0)
            .Select(pair => new Removal(string.Join(", ", pair.Names), pair.Names, pair.Statement.Span)));

    private sealed record Removal(string What, string[] Names, TextSpan Span);

    private static void CheckEach(string name, Func<FileSyntax, IEnumerable<Removal>> removals)
    {
        var source = Corpus.Read("good", name);
        var problems = new List<string>();
        foreach (var removal in SlowRun.OneOf(3, removals(FnnParser.Parse(source))))
        {
            // Blanks for what is gone: all places stay where they are.
            var blank = new string(source.GetText(removal.Span).Select(character => character is '\n' or '\r' ? character : ' ').ToArray());
            var changed = new SourceText(name, source.Text.Remove(removal.Span.Start, removal.Span.Length).Insert(removal.Span.Start, blank));
            var users = UsersOf(changed, removal.Names);
            var errors = CorpusCompiler.Diagnose(changed).Where(diagnostic => diagnostic.Severity == Severity.Error).ToList();
            var strangers = errors.Where(error => error.Location.Span.End > changed.Text.Length || !error.Labels.Select(label => label.Location).Append(error.Location).Any(place => users.IsAtOne(place))).ToList();
            if (errors.Count <= users.Count && strangers.Count == 0) continue;
            problems.Add($"Without '{removal.What}' of line {source.GetPosition(removal.Span.Start).Line + 1}, which {users.Count} name: {errors.Count} errors\n{DiagnosticRenderer.RenderAll(strangers.Count > 0 ? strangers : errors)}");
        }
        if (problems.Count > 0) Assert.Fail(string.Join("\n", problems));
    }

    // ---- Users --------------------------------------------------------------------------------------------------

    [GeneratedRegex(@"//[^\n]*|""[^""\n]*""|[A-Za-z_][A-Za-z0-9_]*")]
    private static partial Regex Word();

    /// <summary>The declarations and statements that name something, each without the statements inside it.</summary>
    /// <param name="Count">A statement that names two things that are gone counts twice.</param>
    private sealed record Users(SourceText Source, FileSyntax File, HashSet<SyntaxNode> Nodes, int Count)
    {
        public bool IsAtOne(Location place) => place.Source == Source && InnermostAt(File, place.Span.Start) is { } node && Nodes.Contains(node);
    }

    private static Users UsersOf(SourceText source, string[] names)
    {
        var file = FnnParser.Parse(source);
        var byName = names.Distinct().Select(name => new HashSet<SyntaxNode>(
            Word().Matches(source.Text).Where(word => word.Value == name).Select(word => InnermostAt(file, word.Index)).OfType<SyntaxNode>(), ReferenceEqualityComparer.Instance)).ToArray();
        return new Users(source, file, new HashSet<SyntaxNode>(byName.SelectMany(nodes => nodes), ReferenceEqualityComparer.Instance), byName.Sum(nodes => nodes.Count));
    }

    private static SyntaxNode? InnermostAt(FileSyntax file, int offset)
    {
        if (file.Declarations.FirstOrDefault(declaration => Holds(declaration.Span)) is not { } declaration) return null;
        SyntaxNode node = declaration;
        if (declaration is PipelineDeclaration pipeline && StepAt(pipeline.Body) is { } step) return step;
        var inside = BodyOf(declaration);
        while (inside.FirstOrDefault(statement => Holds(statement.Span)) is { } statement)
        {
            node = statement;
            inside = BlocksOf(statement);
        }
        return node;

        SyntaxNode? StepAt(IEnumerable<PipelineStep> steps) => steps.FirstOrDefault(one => Holds(one.Span)) is not { } found ? null : found is PipelineFeedback feedback ? StepAt(feedback.Body) ?? found : found;

        bool Holds(TextSpan span) => offset >= span.Start && offset < span.End;
    }

    // ---- The tree -----------------------------------------------------------------------------------------------

    private static IEnumerable<Statement> BodyOf(Declaration declaration) => declaration switch
    {
        CallableDeclaration callable => callable.Body,
        TrainDeclaration train => train.Body,
        _ => [],
    };

    private static IEnumerable<Statement> BlocksOf(Statement statement) => statement switch
    {
        RepeatStatement repeat => repeat.Body,
        FeedbackStatement feedback => feedback.Body,
        IfStatement condition => condition.Then.Concat(condition.Else),
        _ => [],
    };

    /// <summary>A statement and those in it, each with the paths of weights that blocks around it make: what makes weights there binds these names too.</summary>
    private static IEnumerable<(Statement Statement, string[] Paths)> AndInside(Statement statement, string[] paths)
    {
        string[] inner = statement is RepeatStatement { Path: { } path } ? [.. paths, path.Text] : paths;
        return BlocksOf(statement).SelectMany(one => AndInside(one, inner)).Prepend((statement, paths));
    }

    private static string[] NamesBoundBy(Statement statement) => statement switch
    {
        BindStatement bind => bind.Targets.Select(target => target.Text).ToArray(),
        IndexBindStatement index => [index.Target.Text],
        StorageStatement storage => [storage.Name.Text],
        EmitStatement emit => [emit.Name.Text],
        FeedbackStatement feedback => [.. feedback.States.Select(state => state.Name.Text), .. feedback.Body.SelectMany(one => AndInside(one, [])).Select(item => item.Statement).OfType<EmitStatement>().Select(emit => emit.Name.Text),
            .. feedback.Step is { } step ? new[] { step.Text } : []],
        _ => [],
    };

    /// <summary>A declaration's text; of a <c>dim</c> among others with the comma that goes with it.</summary>
    private static TextSpan WholeOf(FileSyntax file, Declaration declaration)
    {
        if (declaration is not DimDeclaration) return declaration.Span;
        var text = file.Source.Text;
        var (start, end) = (declaration.Span.Start, declaration.Span.End);
        if (text.AsSpan(start).StartsWith("dim ", StringComparison.Ordinal)) start += 4;
        var before = text[..start].TrimEnd();
        var after = end + (text.Length - end - text[end..].TrimStart(' ').Length);
        if (after < text.Length && text[after] == ',') return TextSpan.FromBounds(start, after + 1);
        return before.EndsWith(',') ? TextSpan.FromBounds(before.Length - 1, end) : TextSpan.FromBounds(before.Length - "dim".Length, end);
    }
}
