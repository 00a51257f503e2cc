using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Names;

/// <summary>
/// Finds what each name of a declaration means, by the text alone: also in branches that nothing takes, and where something else is wrong. It goes through the statements in
/// their order, as binding does, and remembers where each name got its value last. Expressions are in the next part.
/// </summary>
internal sealed partial class NameResolver
{
    private readonly Declarations _declarations;
    private readonly List<Occurrence> _found;
    private readonly Symbol _symbol;
    private readonly LocalNames _locals;
    private Dictionary<string, (DeclaredName Name, Location Place)> _bound = new(StringComparer.Ordinal);

    // Innermost last.
    private readonly List<Dictionary<string, DeclaredName>> _indices = [];

    private NameResolver(Declarations declarations, List<Occurrence> found, Symbol symbol)
    {
        (_declarations, _found, _symbol) = (declarations, found, symbol);
        _locals = declarations.Inside(symbol);
    }

    /// <summary>All names of a declaration, added to <paramref name="found"/>.</summary>
    public static void Run(Declarations declarations, Symbol symbol, List<Occurrence> found)
    {
        found.Add(new Occurrence(symbol.Location, declarations.Of(symbol), symbol.Location, true));
        new NameResolver(declarations, found, symbol).Run();
    }

    private void Run()
    {
        switch (_symbol.Syntax)
        {
            case DimDeclaration dim:
                Visit(dim.Value);
                break;
            case ConstDeclaration { Binding: IndexBindStatement constant }:
                WithIndices(constant.Indices, () => Visit(constant.Value));
                break;
            case ConstDeclaration { Binding: BindStatement constant }:
                Visit(constant.Value);
                break;
            case MemberDeclaration member:
                Visit(member.Family);
                break;
            case CallableDeclaration callable:
                Visit(callable);
                break;
            case GenerateDeclaration generate:
                VisitNets(generate.Nets);
                Visit(generate.Program);
                break;
            case PipelineDeclaration pipeline:
                VisitNets(pipeline.Nets);
                Visit(pipeline.Body);
                break;
            case CheckpointDeclaration checkpoint:
                VisitEntries(checkpoint);
                break;
            case TrainDeclaration train:
                VisitParameters(train.Config ?? default);
                VisitNets(train.Nets);
                VisitParameters(train.Inputs);
                VisitAll(train.Where);
                Visit(train.Body);
                break;
        }
    }

    private void Visit(CallableDeclaration callable)
    {
        VisitParameters(callable.Config ?? default);
        VisitParameters(callable.Parameters);
        VisitAll(callable.Where);
        Visit(callable.Body);
        foreach (var result in callable.Results)
        {
            Visit(result.Type);
            if (result.Name is { } name) AddOther(NameKind.Result, name);
        }
    }

    private void VisitNets(EquatableArray<NetSyntax> nets)
    {
        foreach (var net in nets)
        {
            Bind(net.Name);
            ReadDeclared(net.Model);
        }
    }

    private void ReadDeclared(Identifier identifier)
    {
        if (Declared(identifier.Text) is { } found) Add(identifier.Span, found, found.Location, false);
    }

    private bool IsSetting(ParameterSyntax parameter) => parameter.Type.Axes is null && !GenerateBinder.IsScalar(_symbol, parameter);

    private void VisitParameters(EquatableArray<ParameterSyntax> parameters)
    {
        // The axes of a tensor may count with a setting that stands behind it.
        foreach (var setting in parameters.Where(IsSetting)) Bind(setting.Name, _locals.Find(NameKind.Config, setting.Name.Text));
        foreach (var parameter in parameters)
        {
            if (!IsSetting(parameter)) Bind(parameter.Name);
            Visit(parameter.Type);
            if (parameter.Default is { } initial) Visit(initial);
        }
    }

    private void Visit(EquatableArray<Statement> statements)
    {
        foreach (var statement in statements) Visit(statement);
    }

    private void Visit(Statement statement)
    {
        switch (statement)
        {
            case BindStatement bind:
                Visit(bind.Value);
                VisitHoles(bind.CheckpointName);
                foreach (var target in bind.Targets) Bind(target);
                break;
            case IndexBindStatement index:
                WithIndices(index.Indices, () => Visit(index.Value));
                Bind(index.Target);
                break;
            case StorageStatement storage:
                Visit(storage.Type);
                if (storage.Initial is { } initial) VisitInitial(initial);
                VisitHoles(storage.CheckpointName);
                Bind(storage.Name);
                break;
            case UpdateStatement update:
                Visit(update.Value);
                if (_locals.Find(update.Target.Text) is { } updated) Add(update.Target.Span, updated, Definition(updated), true);
                break;
            case RepeatStatement repeat:
                Visit(repeat.Count);
                if (repeat.Every is { } copiesApart) Visit(copiesApart);
                if (repeat.Index is { } number) Bind(number);
                if (repeat.Path is { } copies) AddOther(NameKind.Copies, copies);
                Visit(repeat.Body);
                break;
            case IfStatement condition:
                Visit(condition.Condition);
                Visit(condition.Then);
                Visit(condition.Else);
                break;
            case FeedbackStatement feedback:
                VisitFeedback(feedback);
                break;
            case EmitStatement emit:
                Visit(emit.Value);
                Bind(emit.Name);
                if (emit.Along is { } along) Visit(along);
                break;
            case ReturnStatement result:
                VisitAll(result.Values);
                break;
            case MinimizeStatement minimize:
                Visit(minimize.Loss);
                foreach (var path in minimize.Over) VisitPath(path);
                VisitOptimizer(minimize.Optimizer);
                if (minimize.Every is { } every) Visit(every);
                break;
            case MetricStatement metric:
                Visit(metric.Value);
                AddOther(NameKind.Metric, metric.Name);
                break;
            case ClipStatement { Limit: CallExpression limit }:
                VisitAll(limit.Arguments.Select(argument => argument.Value));
                break;
            case FreezeStatement freeze:
                foreach (var path in freeze.Paths) VisitPath(path);
                break;
            case BudgetStatement budget:
                foreach (var size in budget.Sizes)
                {
                    if (_locals.Find(size.Axis.Text) is { } axis) Add(size.Axis.Span, axis, axis.Location, false);
                    Visit(size.Value);
                }
                break;
            case AccumulateStatement accumulate:
                Visit(accumulate.Batches);
                break;
            case RateStatement rate:
                Visit(rate.Factor);
                foreach (var path in rate.Paths) VisitPath(path);
                break;
            case AverageStatement average:
                if (_locals.Find(average.Net.Text) is { } net) Add(average.Net.Span, net, net.Location, false);
                Visit(average.Decay);
                break;
            case LoraStatement lora:
                VisitAll(lora.Settings.Select(setting => setting.Value));
                foreach (var path in lora.Paths.Concat(lora.Trained)) VisitPath(path);
                break;
        }
    }

    private void VisitFeedback(FeedbackStatement feedback)
    {
        foreach (var state in feedback.States)
        {
            Visit(state.Type);
            if (state.Initial is { } initial) Visit(initial);
        }
        if (feedback.Form is OverForm over)
        {
            foreach (var source in over.Sources) Visit(source.Value);
            Visit(over.Axis);
        }
        VisitAll(new[] { feedback.Lengths, feedback.Truncate, feedback.Checkpoint, feedback.Slide }.OfType<Expression>());
        VisitAll(feedback.Form switch
        {
            TimesForm times => [times.Count],
            UntilForm until => [until.AtMost],
            HaltForm halt => [halt.AtMost],
            _ => [],
        });
        var outside = new Dictionary<string, (DeclaredName, Location)>(_bound, StringComparer.Ordinal);
        foreach (var source in feedback.Form is OverForm slices ? slices.Sources : default) Bind(source.Name);
        if (feedback.Step is { } step) Bind(step);
        foreach (var state in feedback.States) Bind(state.Name);
        Visit(feedback.Body);
        // What ends the rounds sees what a round has bound.
        switch (feedback.Form)
        {
            case UntilForm until: Visit(until.Condition); break;
            case HaltForm halt: Visit(halt.Probability); break;
            case FixedPointForm fixedPoint: VisitAll(fixedPoint.Arguments.Select(argument => argument.Value)); break;
        }
        // What a round binds is forgotten, but for states, collections and the step.
        var inside = _bound;
        _bound = outside;
        var kept = feedback.States.Select(state => state.Name.Text).Concat(Emitted(feedback.Body)).Concat(feedback.Step is { } last ? [last.Text] : []);
        foreach (var name in kept.Where(inside.ContainsKey)) _bound[name] = inside[name];
    }

    private static IEnumerable<string> Emitted(IEnumerable<Statement> statements) => statements.SelectMany(statement => statement switch
    {
        EmitStatement emit => [emit.Name.Text],
        RepeatStatement repeat => Emitted(repeat.Body),
        IfStatement condition => Emitted(condition.Then).Concat(Emitted(condition.Else)),
        _ => [],
    });

    // ---- What is found ------------------------------------------------------------------------------------------

    private void Add(TextSpan span, DeclaredName name, Location? definition, bool isBinding) =>
        _found.Add(new Occurrence(new Location(_symbol.Source, span), name, definition, isBinding));

    private void AddOther(NameKind kind, Identifier identifier)
    {
        if (_locals.Find(kind, identifier.Text) is { } name) Add(identifier.Span, name, name.Location, true);
    }

    private void Bind(Identifier identifier) => Bind(identifier, _locals.Find(identifier.Text));

    private void Bind(Identifier identifier, DeclaredName? name)
    {
        if (name is null) return;
        var place = new Location(_symbol.Source, identifier.Span);
        _bound[identifier.Text] = (name, place);
        Add(identifier.Span, name, place, true);
    }

    private Location? Definition(DeclaredName local) => _bound.TryGetValue(local.Text, out var bound) ? bound.Place : local.Location;

    private DeclaredName? Declared(string name) => FindDeclared(name) is { } symbol ? _declarations.Of(symbol) : null;

    private Symbol? FindDeclared(string name) =>
        _symbol is ModelMemberSymbol ? _declarations.Scope.FindFamily(_symbol.Namespace, name) : _declarations.Scope.Find(_symbol.Namespace, name, _symbol.IsLibrary);
}
