using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Operators;
using FeedbackNN.Dsl.Outlines;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Binding;

// Parameters and buffers: made by the first use of an instance, found again by later ones.
internal sealed partial class BodyBinder
{
    private void BindStorage(StorageStatement storage)
    {
        var name = storage.Name.Text;
        if (frame.Axes.ContainsKey(name) || (frame.Config.TryGetValue(name, out var config) && config is SizeOperand or NumberOperand))
        {
            CheckTarget(storage.Name);
            return;
        }
        frame.Values[name] = Materialize(storage) ?? Poison;
        // The library's weights are the layer's own affair.
        if (!frame.IsLibrary && frame.Values[name] is TensorOperand tensor) Outline?.AddNode(OutlineNodeKind.Storage, name, tensor.Type.ToString(), null, tensor);
        Note(storage.Name.Span, frame.Values[name]);
    }

    private string? OwnerFix => frame.Symbol is CallableSymbol { Kind: CallableKind.Fn } ? $"make it a layer: layer {frame.Name}(…)(x: …)" : null;

    /// <summary>The value of a parameter or buffer of this instance; makes its storage when it is the first. Null after a diagnostic.</summary>
    private Operand? Materialize(StorageStatement storage)
    {
        var name = storage.Name.Text;
        var what = storage.IsBuffer ? "buffer" : "param";
        if (frame.Owner is not { Net: { } net } owner)
        {
            Report(DiagnosticTable.StorageOutsideLayer, storage.Span, [], OwnerFix, $"a {what}", $"'{frame.Name}'");
            return null;
        }
        if (ResolveElement(storage.Type) is not { } element) return null;
        if (element != ElementType.F32)
        {
            Report(DiagnosticTable.StorageElement, storage.Type.Element.Span, name, element.Text());
            return null;
        }
        var sizes = new List<Size>();
        var notes = new List<AxisNote>();
        var axes = new List<BoundAxis>();
        foreach (var axis in storage.Type.Axes ?? default)
        {
            if (axis is EllipsisAxis)
            {
                Report(DiagnosticTable.EllipsisHere, axis.Span, "the axes of weights are written out");
                return null;
            }
            var expression = ((SizeAxis)axis).Size;
            if (EvaluateSize(expression) is not { } size) return null;
            if (!size.IsConstant && !context.Symbolic)
            {
                var written = size.ToString();
                var meant = Spelling.Closest(written, frame.UserFrame is { } user ? new BodyBinder(context, user).DimsInScope : []);
                Report(DiagnosticTable.StorageSizeUnknown, storage.Type.Span, AxisLabels((size, NoteOf(expression))), meant is null ? null : $"is '{written}' the dim '{meant}'?", name, size);
                return null;
            }
            sizes.Add(size);
            notes.Add(NoteOf(expression));
            axes.Add(BoundAxisOf(expression, size));
        }
        var type = new TensorType(element, sizes.ToEquatableArray());
        if (type.ElementCount.TryGetConstant(out var count) && count > int.MaxValue)
        {
            Report(DiagnosticTable.StorageTooLarge, storage.Type.Span, name, count);
            return null;
        }
        var local = LocalPath(name);
        var path = Join(owner.Path!, local);
        var site = $"{frame.Symbol.FullName}:{storage.Name.Span.Start}";
        var known = net.Find(path, out var isBuffer, out var position);
        if (known is not null && (net.Sites[path] != site || isBuffer != storage.IsBuffer))
        {
            Report(DiagnosticTable.StorageTwice, storage.Name.Span, path, "weights");
            return null;
        }
        if (known is not null && known.Type != type)
        {
            Report(DiagnosticTable.InstanceDisagrees, storage.Span, [], "make a second layer: all uses of one share its weights", path, known.Type, type);
            return null;
        }
        if (!Claim(local, storage.Name.Span, "weights")) return null;
        if (known is null)
        {
            if (Initial(storage, type) is not { } initializer || LocalCheckpointPath(name, storage.CheckpointName) is not { } checkpoint) return null;
            var checkpointName = Join(owner.CheckpointPath, checkpoint);
            if (net.Parameters.Concat(net.Buffers).Any(other => other.CheckpointName == checkpointName))
            {
                Report(DiagnosticTable.BadCheckpointName, storage.CheckpointName?.Span ?? storage.Name.Span, $"there is a '{checkpointName}' already");
                return null;
            }
            position = net.Add(new BoundStorage(path, checkpointName, type, axes.ToEquatableArray(), initializer, OriginOf(storage.Span)), storage.IsBuffer);
            net.Sites[path] = site;
        }
        var place = new StoragePlace(net.Index, position);
        if (!storage.IsBuffer)
        {
            var weight = Builder.Parameter(net.Index, position, type);
            return Remember(new TensorOperand(context.Adapters?.Adapt(Builder, weight) ?? weight, notes.ToEquatableArray()));
        }
        frame.Buffers[name] = place;
        var value = context.BufferUpdates.TryGetValue(place, out var updated) ? updated : Builder.BufferValue(net.Index, position, type);
        return Remember(new TensorOperand(value, notes.ToEquatableArray()));

        Operand Remember(Operand operand)
        {
            frame.StorageValues[name] = operand;
            return operand;
        }
    }

    /// <summary>An axis as C# sees it: by name where the name is a dim or an axis of the declaration that becomes a class.</summary>
    internal BoundAxis BoundAxisOf(Expression expression, Size size)
    {
        if (expression is not NameExpression name) return new BoundAxis(null, size);
        var isDim = context.Scope.Find(frame.Symbol.Namespace, name.Name, frame.IsLibrary) is DimSymbol;
        return new BoundAxis(isDim || frame.Caller is null ? name.Name : null, size);
    }

    // ---- First values -------------------------------------------------------------------------------------------

    private BoundInitializer? Initial(StorageStatement storage, TensorType type)
    {
        if (context.Symbolic && storage.Initial is not CallExpression) return new BoundInitializer("constant", EquatableArray<double>.Own(0));
        if (storage.Initial is null)
        {
            return storage.IsBuffer ? new BoundInitializer("constant", EquatableArray<double>.Own(0)) : Initializers.Make("kaiming_uniform", [], type.Shape)!;
        }
        var (callee, arguments) = storage.Initial is CallExpression { Callee: NameExpression called } call ? (called.Name, call.Arguments) : (null, default);
        if (context.Symbolic && callee is not null && (Initializers.IsKnown(callee) || Lookup(callee) is not null)) return new BoundInitializer("constant", EquatableArray<double>.Own(0));
        if (callee is not null && Initializers.IsKnown(callee))
        {
            if (Initializers.Order(callee, arguments.Select(argument => argument.Name?.Text).ToArray()) is not { } order)
            {
                Report(DiagnosticTable.BadArgumentValue, storage.Initial.Span, $"{callee} is written {Initializers.Signature(callee)}");
                return null;
            }
            var numbers = new double?[order.Length];
            for (var k = 0; k < order.Length; k++)
            {
                if (order[k] < 0) continue;
                if (InitialNumber(arguments[order[k]].Value) is not { } number) return null;
                numbers[k] = number;
            }
            return Checked(Initializers.Make(callee, numbers, type.Shape), storage.Initial.Span);
        }
        if (callee is not null && Lookup(callee) is null)
        {
            Report(DiagnosticTable.BadInitializer, storage.Initial.Span, [], Spelling.Fix(callee, Initializers.Names), callee, string.Join(", ", Initializers.Names));
            return null;
        }
        return InitialNumber(storage.Initial) is { } constant ? Checked(new BoundInitializer("constant", EquatableArray<double>.Own(constant)), storage.Initial.Span) : null;
    }

    /// <summary>Numbers that no distribution has would show as NaN in the first loss only.</summary>
    private BoundInitializer? Checked(BoundInitializer initializer, TextSpan span)
    {
        var problem = initializer switch
        {
            _ when !initializer.Arguments.All(ScalarFunctions.IsFinite) => "a first value must be a finite number",
            { Kind: "uniform" } when initializer.Arguments[0] > initializer.Arguments[1] => "the lower bound of 'uniform' lies above the upper one",
            { Kind: "normal" } when initializer.Arguments[1] < 0 => "a standard deviation is not negative",
            _ => null,
        };
        if (problem is null) return initializer;
        Report(DiagnosticTable.BadArgumentValue, span, problem);
        return null;
    }

    private double? InitialNumber(Expression expression)
    {
        var operand = Bind(expression);
        if (operand is PoisonOperand) return null;
        if (TryNumber(operand, out var number, out _)) return number;
        Report(DiagnosticTable.NotBuildTime, expression.Span, "a first value", Describe(operand));
        return null;
    }

    // ---- Names in checkpoints -----------------------------------------------------------------------------------

    // Places in a hole are not places in the file.
    private bool _isInHole;

    /// <summary>
    /// The place in checkpoints within this body. <c>named</c> replaces the last part, or, when it has <c>{holes}</c> of its own, the whole with the copies' numbers.
    /// </summary>
    private string? LocalCheckpointPath(string name, StringExpression? named)
    {
        if (named is null) return LocalPath(name);
        var text = named.Value;
        var hasHoles = text.IndexOf('{') >= 0;
        var result = "";
        var at = 0;
        while (at < text.Length)
        {
            var open = text.IndexOf('{', at);
            if (open < 0) break;
            var close = text.IndexOf('}', open);
            if (close < 0)
            {
                Report(DiagnosticTable.BadCheckpointName, named.Span, "'{' without '}'");
                return null;
            }
            var hole = FnnParser.Parse(new SourceText("name", "dim hole = " + text.Substring(open + 1, close - open - 1)));
            if (hole.Declarations.Count != 1 || hole.Declarations[0] is not DimDeclaration dim || NamesIn(dim.Value).Any(part => Lookup(part) is null)
                || !TryNumber(BindHole(dim.Value), out var number, out var whole) || !whole)
            {
                Report(DiagnosticTable.BadCheckpointName, named.Span, $"'{text.Substring(open, close - open + 1)}' is no whole number known at build");
                return null;
            }
            result += text.Substring(at, open - at) + number.ToString(System.Globalization.CultureInfo.InvariantCulture);
            at = close + 1;
        }
        result += text.Substring(at);
        if (result.Length == 0)
        {
            Report(DiagnosticTable.BadCheckpointName, named.Span, "it is empty");
            return null;
        }
        return hasHoles ? result : frame.Path.Prefix + result + frame.Path.Suffix;
    }

    private Operand BindHole(Expression hole)
    {
        _isInHole = true;
        try
        {
            return Bind(hole);
        }
        finally
        {
            _isInHole = false;
        }
    }

    // ---- Weights of instances -----------------------------------------------------------------------------------

    private Operand MemberOf(LayerInstance instance, MemberExpression member)
    {
        var name = member.Member.Text;
        if (PartsOf(instance) is { } call)
        {
            if (call.StorageValues.TryGetValue(name, out var stored)) return CurrentValue(call, name, stored);
            if (call.Values.TryGetValue(name, out var inner) && inner is InstanceOperand or PoisonOperand) return inner;
        }
        var declaration = instance.Symbol.Declaration;
        var storage = AllStatements(declaration.Body).OfType<StorageStatement>().FirstOrDefault(item => item.Name.Text == name);
        if (storage is null)
        {
            // A weight comes before a setting of its name: linear has a bias of both kinds.
            if (instance.Config.TryGetValue(name, out var config)) return config;
            var names = AllStatements(declaration.Body).OfType<StorageStatement>().Select(item => item.Name.Text)
                .Concat(PartsOf(instance)?.Values.Where(pair => pair.Value is InstanceOperand).Select(pair => pair.Key) ?? []).Concat(instance.Config.Keys).Distinct().ToArray();
            var isInner = AllStatements(declaration.Body).OfType<BindStatement>().Any(bind => bind.Targets.Any(target => target.Text == name));
            if (isInner && instance.LatestCall is null) return NotYetKnown(member, instance);
            Report(DiagnosticTable.UnknownMember, member.Member.Span, [], Spelling.Fix(name, names) ?? (names.Length == 0 ? null : $"it has {string.Join(", ", names)}"), instance.DisplayName, name);
            return Poison;
        }
        // Before the first call: possible when the sizes depend on config alone.
        if (instance.Path is null && !NameInstance(instance, member.Target.Span)) return Poison;
        var inside = new Frame(instance.Symbol, frame, member.Span) { Owner = instance };
        foreach (var pair in instance.Config) inside.Config[pair.Key] = pair.Value;
        foreach (var pair in instance.Notes) inside.Notes[pair.Key] = pair.Value;
        var body = new BodyBinder(context, inside);
        var isKnown = (storage.Type.Axes ?? default).All(axis => axis is SizeAxis size && NamesIn(size.Size).All(part => body.Lookup(part) is not null));
        isKnown &= storage.Initial is null || NamesIn(storage.Initial).All(part => body.Lookup(part) is not null);
        if (!isKnown) return NotYetKnown(member, instance);
        return body.Materialize(storage) ?? Poison;
    }

    // Where a name is missing too, that is why nothing has used the instance yet.
    private Operand NotYetKnown(MemberExpression member, LayerInstance instance)
    {
        if (_unknownNames.Count == 0) Report(DiagnosticTable.NotYetKnown, member.Span, [], $"use it in a line above: y = {TextOf(member.Target.Span)}(…)", TextOf(member.Span), instance.DisplayName);
        return Poison;
    }

    private Operand CurrentValue(Frame call, string name, Operand stored) =>
        call.Buffers.TryGetValue(name, out var place) && context.BufferUpdates.TryGetValue(place, out var updated) && stored is TensorOperand tensor
            ? tensor with { Value = updated }
            : stored;

    private static IEnumerable<Statement> AllStatements(IEnumerable<Statement> statements) => statements.SelectMany(statement => statement switch
    {
        RepeatStatement repeat => AllStatements(repeat.Body),
        FeedbackStatement feedback => AllStatements(feedback.Body),
        IfStatement condition => AllStatements(condition.Then).Concat(AllStatements(condition.Else)),
        _ => [statement],
    });

    private static IEnumerable<string> NamesIn(Expression expression) => expression switch
    {
        NameExpression name => [name.Name],
        BinaryExpression binary => NamesIn(binary.Left).Concat(NamesIn(binary.Right)),
        UnaryExpression unary => NamesIn(unary.Operand),
        CallExpression call => call.Arguments.SelectMany(argument => NamesIn(argument.Value)),
        _ => [],
    };
}
