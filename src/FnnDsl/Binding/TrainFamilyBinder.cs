using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Binding;

/// <summary>Binds a family of trains: what is wrong with it whatever its members choose, and what they all have in C#.</summary>
internal sealed class TrainFamilyBinder(ModuleScope scope, DiagnosticBag diagnostics, TrainSymbol family)
{
    private TrainDeclaration Declaration => family.Declaration;

    /// <summary>Checks the family by itself: networks that members choose are unknown, and so are the numbers of its config.</summary>
    public void CheckAlone()
    {
        CheckHead();
        if (TrainInstance.OfFamily(scope, diagnostics, family) is not { } train) return;
        var run = TrainRun.Execute(scope, diagnostics, train, training: true);
        if (run.Inputs is null || run.Body.HasWrongHead) return;
        var paths = new ParameterPaths(run.Body, train.Nets);
        paths.Resolve(run.Frozen);
        for (var k = 0; k < run.Minimized.Count; k++)
        {
            var statement = run.Minimized[k].Statement;
            TrainLoss.From(run, k);
            paths.Resolve(statement.Over);
            new OptimizerBinder(run.Body).Bind(statement.Optimizer);
        }
        TrainBinder.BindMetrics(run, []);
        if (run.Minimized.Count == 0) diagnostics.Report(DiagnosticTable.NothingMinimized, family.Location, family.Name);
    }

    /// <summary>Checks what all members need to have one class above them.</summary>
    public void CheckHead()
    {
        foreach (var parameter in Declaration.Config ?? default)
        {
            var name = parameter.Name;
            if (parameter.Type.Axes is not null) Report(DiagnosticTable.BadArgumentValue, parameter.Type.Span, $"write {name.Text}: {parameter.Type.Element.Text}, or let it stand among the tensors of a batch", $"what members of a family choose has no axes: '{name.Text}' is a tensor");
            if (Declaration.Nets.Any(net => net.Name.Text == name.Text)) Report(DiagnosticTable.ParameterTwice, name.Span, null, name.Text);
        }
        foreach (var statement in Declaration.Body.SelectMany(Nested))
        {
            var (what, span) = statement is MetricStatement metric ? ($"metric {metric.Name}", metric.Name.Span) : ("minimize", ((MinimizeStatement)statement).Loss.Span);
            Report(DiagnosticTable.NotInEveryMember, span, "let the 'if' bind a value, and write this behind it", what);
        }
    }

    /// <summary>Whether the class of a member can stand below that of the family; reports it where not.</summary>
    public bool Takes(Symbol member, TrainRun run)
    {
        CheckHead();
        if (diagnostics.HasErrors || Bind() is not { } shared) return false;
        if (SampleShape.Of(run.RuntimeAxes, run.Inputs!) is not null != shared.HasSamples)
        {
            diagnostics.Report(DiagnosticTable.MemberUnfit, member.Location, member.Name, family.Name, $"with what it chooses, batches are {(shared.HasSamples ? "not " : "")}made of samples");
            return false;
        }
        var names = shared.Nets.Select(net => net.Name).Append("optimizer").Concat(shared.Objectives.Select(objective => objective.Name + "_optimizer"));
        if (names.FirstOrDefault(name => Binder.TypeName(name) == member.Name) is not { } taken) return true;
        diagnostics.Report(DiagnosticTable.NameOfRuntime, member.Location, $"another name, such as 'Fit{member.Name}'", default, member.Name);
        return false;
    }

    /// <summary>What all members have; null where the head has errors, which are reported with the family.</summary>
    public BoundTrainFamily? Bind()
    {
        var quiet = new DiagnosticBag();
        if (TrainInstance.OfFamily(scope, quiet, family) is not { } train) return null;
        var run = TrainRun.ExecuteSignature(scope, quiet, train);
        if (run.Inputs is null) return null;
        // A size of config is a number in each member.
        Size Number(Size size) => size.Substitute(name => train.Open.Contains(name) ? Size.One : null);
        var numbers = run.Inputs.Select(input => input with { Axes = input.Axes.Select(axis => axis with { Size = Number(axis.Size) }).ToEquatableArray() }).ToArray();
        var inputs = run.Inputs.Select(input => input with { Axes = input.Axes.Select(axis => axis.Name is { } name && train.Open.Contains(name) ? axis with { Size = Size.Axis(name) } : axis).ToEquatableArray() });
        return new BoundTrainFamily(
            family.Namespace, family.Name, Declaration.Doc, train.Nets.Select(net => net.Bound).ToEquatableArray(), run.RuntimeAxes, inputs.ToEquatableArray(), SampleShape.Of(run.RuntimeAxes, numbers) is not null,
            TrainSignature.Objectives(family), TrainSignature.Metrics(family));
    }

    /// <summary>A member of it, as it would be written.</summary>
    public string MemberFix()
    {
        var nets = Declaration.Nets.Select(net => scope.ChoiceOf(family, net)).OfType<CallableSymbol>()
            .Select(models => scope.MembersOf(models).FirstOrDefault()?.Name ?? $"My{models.Name}");
        var config = (Declaration.Config ?? default).Where(parameter => parameter.Default is null).Select(parameter => $"{parameter.Name}: …");
        return $"train My{family.Name} = {family.Name}({string.Join(", ", nets.Concat(config))})";
    }

    // What is reported stands at the top of the body: there every member has it.
    private static IEnumerable<Statement> Nested(Statement statement) => SyntaxChildren.AndSelf(statement).OfType<Statement>().Where(inner => inner != statement && inner is MinimizeStatement or MetricStatement);

    private void Report(DiagnosticRow row, TextSpan span, string? fix, params object[] arguments) => diagnostics.Report(row, new Location(family.Source, span), fix, default, arguments);
}
