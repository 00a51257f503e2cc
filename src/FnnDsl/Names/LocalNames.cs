using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Names;

/// <summary>
/// The names inside one declaration. All bindings of a name are one name: a later one takes the place of the one before. A setting is a name of its own, as a weight may be called
/// like it (<c>bias</c>), and so are those that are never read as values: of results, metrics and copies.
/// </summary>
internal sealed class LocalNames
{
    private readonly Dictionary<string, DeclaredName> _values = new(StringComparer.Ordinal);
    private readonly Dictionary<(NameKind, string), DeclaredName> _others = [];
    private readonly Dictionary<string, Symbol> _layers = new(StringComparer.Ordinal);
    private readonly Symbol _symbol;
    private readonly DeclaredName _owner;
    private readonly ModuleScope _scope;

    private LocalNames(Symbol symbol, DeclaredName owner, ModuleScope scope) => (_symbol, _owner, _scope) = (symbol, owner, scope);

    public IEnumerable<DeclaredName> All => _values.Values.Concat(_others.Values);

    public DeclaredName? Find(string name) => _values.TryGetValue(name, out var found) ? found : Find(NameKind.Config, name);

    public DeclaredName? Find(NameKind kind, string name) => _others.TryGetValue((kind, name), out var found) ? found : null;

    /// <summary>The layer or model of an instance or network of this name; null when it names something else.</summary>
    public Symbol? LayerOf(string name) => _layers.TryGetValue(name, out var layer) ? layer : null;

    public static LocalNames Of(Symbol symbol, DeclaredName owner, Declarations declarations)
    {
        var names = new LocalNames(symbol, owner, declarations.Scope);
        switch (symbol.Syntax)
        {
            case CallableDeclaration callable:
                names.AddCallable(callable);
                break;
            case GenerateDeclaration generate:
                names.AddNets(generate.Nets);
                names.AddCallable(generate.Program);
                break;
            case PipelineDeclaration pipeline:
                names.AddNets(pipeline.Nets);
                names.AddStages(pipeline.Body);
                break;
            case TrainDeclaration train:
                names.AddNets(train.Nets);
                foreach (var setting in train.Config ?? default) names.AddParameter(setting);
                foreach (var input in train.Inputs) names.AddParameter(input);
                foreach (var input in train.Inputs) names.AddAxes(input.Type);
                names.AddStatements(train.Body);
                break;
        }
        return names;
    }

    /// <summary>The layer that an expression makes an instance of; null when it makes none.</summary>
    public Symbol? LayerMadeBy(Expression expression) => expression switch
    {
        CallExpression { Callee: NameExpression callee } call when Find(callee.Name) is null => _scope.Find(_symbol.Namespace, callee.Name, _symbol.IsLibrary) switch
        {
            // Without settings a call is a use, and what it gives a value.
            CallableSymbol { Declaration.Config: null } when call.Arguments.Count > 0 => null,
            var symbol => AsLayer(symbol),
        },
        NameExpression name => LayerOf(name.Name),
        _ => null,
    };

    private static Symbol? AsLayer(Symbol? symbol) => symbol is ModelMemberSymbol or CallableSymbol { IsLayer: true } ? symbol : null;

    private void AddCallable(CallableDeclaration callable)
    {
        foreach (var parameter in (callable.Config ?? default).Concat(callable.Parameters)) AddParameter(parameter);
        foreach (var type in callable.Parameters.Select(parameter => parameter.Type).Concat(callable.Results.Select(result => result.Type))) AddAxes(type);
        foreach (var result in callable.Results.Where(result => result.Name is not null)) AddOther(NameKind.Result, result.Name!, TypeText(result.Type, _symbol.Source));
        AddStatements(callable.Body);
    }

    private void AddNets(EquatableArray<NetSyntax> nets)
    {
        foreach (var net in nets)
        {
            Add(NameKind.Net, net.Name, net.Model.Text);
            if (_scope.Find(_symbol.Namespace, net.Model.Text, false) is { } model) _layers[net.Name.Text] = model;
        }
    }

    private void AddStages(EquatableArray<PipelineStep> steps)
    {
        foreach (var step in steps)
        {
            if (step is Stage stage) Add(NameKind.Stage, stage.Name, "");
            if (step is PipelineFeedback feedback) AddStages(feedback.Body);
            if (step switch { FitStage fit => fit.Data, EvaluateStage evaluate => evaluate.Data, RunStep run => run.Data, _ => null } is { } data) AddOther(NameKind.Data, data.Name, "");
        }
    }

    private void AddParameter(ParameterSyntax parameter)
    {
        var text = _symbol.Source.GetText(TextSpan.FromBounds(parameter.Type.Span.Start, parameter.Span.End));
        if (parameter.Type.Axes is null && !GenerateBinder.IsScalar(_symbol, parameter)) AddOther(NameKind.Config, parameter.Name, text);
        else Add(NameKind.Input, parameter.Name, text);
    }

    // A name that nothing else has is an axis, which the signature binds.
    private void AddAxes(TypeSyntax type)
    {
        foreach (var axis in (type.Axes ?? default).OfType<SizeAxis>())
        {
            if (axis.Size is not NameExpression name || Find(name.Name) is { Kind: not NameKind.Axis }) continue;
            if (_scope.Find(_symbol.Namespace, name.Name, _symbol.IsLibrary) is DimSymbol || name.Name is "true" or "false" or "inf" or "pi" or "training") continue;
            Add(NameKind.Axis, new Identifier(name.Name, name.Span), "");
        }
    }

    private void AddStatements(EquatableArray<Statement> statements)
    {
        foreach (var statement in statements) AddStatement(statement);
    }

    private void AddStatement(Statement statement)
    {
        switch (statement)
        {
            case BindStatement bind:
                var layer = bind.Targets.Count == 1 ? LayerMadeBy(bind.Value) : null;
                foreach (var target in bind.Targets) Add(layer is null ? NameKind.Value : NameKind.Instance, target, layer?.Name ?? "");
                if (layer is not null) _layers[bind.Targets[0].Text] = layer;
                break;
            case IndexBindStatement index:
                Add(NameKind.Value, index.Target, "");
                break;
            case StorageStatement storage:
                Add(storage.IsBuffer ? NameKind.Buffer : NameKind.Param, storage.Name, TypeText(storage.Type, _symbol.Source));
                break;
            case RepeatStatement repeat:
                if (repeat.Index is { } number) Add(NameKind.Step, number, "");
                if (repeat.Path is { } path) AddOther(NameKind.Copies, path, "");
                AddStatements(repeat.Body);
                break;
            case IfStatement condition:
                AddStatements(condition.Then);
                AddStatements(condition.Else);
                break;
            case FeedbackStatement feedback:
                foreach (var state in feedback.States) Add(NameKind.State, state.Name, TypeText(state.Type, _symbol.Source));
                foreach (var source in feedback.Form is OverForm over ? over.Sources : default) Add(NameKind.Slice, source.Name, "");
                if (feedback.Step is { } step) Add(NameKind.Step, step, "");
                AddStatements(feedback.Body);
                break;
            case EmitStatement emit:
                Add(NameKind.Collection, emit.Name, "");
                break;
            case MetricStatement metric:
                AddOther(NameKind.Metric, metric.Name, "");
                break;
        }
    }

    private void Add(NameKind kind, Identifier name, string signature)
    {
        if (!_values.ContainsKey(name.Text)) _values.Add(name.Text, Make(kind, name, signature));
    }

    private void AddOther(NameKind kind, Identifier name, string signature)
    {
        if (!_others.ContainsKey((kind, name.Text))) _others.Add((kind, name.Text), Make(kind, name, signature));
    }

    private DeclaredName Make(NameKind kind, Identifier name, string signature) =>
        new(kind, name.Text, new Location(_symbol.Source, name.Span), _owner, signature, null, _symbol.IsLibrary);

    private static string TypeText(TypeSyntax type, SourceText source) => source.GetText(type.Span);
}
