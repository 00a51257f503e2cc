using System.Runtime.CompilerServices;
using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Operators;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Binding;

// Calls: the callee decides what a call means. fn: its value. Layer: an instance. Instance: the layer's value.
internal sealed partial class BodyBinder
{
    private Operand BindCall(CallExpression call)
    {
        var callee = Bind(call.Callee);
        return callee is PoisonOperand ? Poison : Invoke(callee, call.Callee, Arguments(call), call.Span);
    }

    /// <summary><c>x |> f(a)</c> is <c>f(x, a)</c> for a fn or an instance, and <c>f(a)(x)</c> for a layer.</summary>
    private Operand BindPipe(PipeExpression pipe)
    {
        var outline = Outline;
        // What goes through the pipe is read by its next stage alone.
        outline?.BeginReads();
        var value = BindPart(pipe.Value);
        outline?.EndReads();
        if (value is PoisonOperand) return Poison;
        var piped = new CallArgument(null, pipe.Value, value);
        var (calleeSyntax, arguments) = pipe.Target is CallExpression call ? (call.Callee, Arguments(call)) : (pipe.Target, []);
        var callee = Bind(calleeSyntax);
        switch (callee)
        {
            case PoisonOperand: return Poison;
            case CallableOperand { Symbol: { IsLayer: true, Declaration.Config: not null } } or MemberOperand:
                return MakeInstance(callee, arguments, pipe.Target.Span) is { } instance ? InvokeInstance(instance, [piped], pipe.Target.Span) : Poison;
            default:
                outline?.BeginReads();
                outline?.Read(value);
                var result = Invoke(callee, calleeSyntax, [piped, .. arguments], pipe.Target.Span);
                outline?.EndPart(result, TextOf(pipe.Target.Span));
                return result;
        }
    }

    private static List<CallArgument> Arguments(CallExpression call) => call.Arguments.Select(argument => new CallArgument(argument.Name, argument.Value, null)).ToList();

    private Operand Invoke(Operand callee, Expression syntax, List<CallArgument> arguments, TextSpan span)
    {
        switch (callee)
        {
            case BuiltInOperand builtIn:
                return CallBuiltIn(builtIn.Name, arguments, span);
            case CallableOperand { Symbol: { IsLayer: false } symbol }:
                return CallSymbol(symbol, arguments, span, null, false);
            case CallableOperand { Symbol: { IsLayer: true, Declaration.Config: null } } when arguments.Count > 0:
                return MakeInstance(callee, [], span) is { } direct ? InvokeInstance(direct, arguments, span) : Poison;
            case CallableOperand or MemberOperand:
                return MakeInstance(callee, arguments, span) is { } made ? new InstanceOperand(made) : Poison;
            case InstanceOperand instance:
                return InvokeInstance(instance.Instance, arguments, span);
            default:
                return FailToCall(callee, syntax);
        }
    }

    private Operand InvokeInstance(LayerInstance instance, List<CallArgument> arguments, TextSpan span)
    {
        var isUnnamed = instance.Path is null;
        if (isUnnamed && !NameInstance(instance, span)) return Poison;
        var result = CallSymbol(instance.Symbol, arguments, span, instance, false);
        if (isUnnamed && !frame.Path.IsSingle) HintAtName(instance, span);
        return result;
    }

    // A name by place matters only to what has weights.
    private void HintAtName(LayerInstance instance, TextSpan span)
    {
        if (instance.Net is { } net && net.Paths.Any(path => path.StartsWith(instance.Path + ".", StringComparison.Ordinal)))
        {
            Report(DiagnosticTable.UnnamedLayer, span, instance.Path!);
        }
    }

    public Operand Call(CallExpression call, IReadOnlyList<Operand> operands)
    {
        if (operands.Any(operand => operand is PoisonOperand)) return Poison;
        var callee = Bind(call.Callee);
        var arguments = call.Arguments.Zip(operands, (argument, operand) => new CallArgument(argument.Name, argument.Value, operand)).ToList();
        switch (callee)
        {
            case PoisonOperand: return Poison;
            case BuiltInOperand builtIn: return CallBuiltIn(builtIn.Name, arguments, call.Span);
            case CallableOperand { Symbol: { IsLayer: false } symbol }: return CallSymbol(symbol, arguments, call.Span, null, true);
            default: return FailToCall(callee, call.Callee, " inside index notation");
        }
    }

    // ---- Declared fns and layers --------------------------------------------------------------------------------

    private Operand CallSymbol(CallableSymbol symbol, List<CallArgument> arguments, TextSpan span, LayerInstance? instance, bool mapsScalars)
    {
        var declaration = symbol.Declaration;
        if (MatchArguments(symbol.Name, declaration.Parameters, arguments, span) is not { } given) return Poison;
        if (!EnterCall(symbol, span)) return Poison;
        try
        {
            var callee = new Frame(symbol, frame, span) { Owner = instance, MapsScalars = mapsScalars };
            foreach (var pair in instance?.Config ?? NoConfig) callee.Config[pair.Key] = pair.Value;
            foreach (var pair in instance?.Notes ?? NoNotes) callee.Notes[pair.Key] = pair.Value;
            var body = new BodyBinder(context, callee);
            var outlined = BeginOutlinedCall(symbol, instance, given);
            if (!BindSignature(body, declaration.Parameters, given) || !body.ApplyConditions(declaration.Where)) return Poison;
            if (instance is not null) instance.LatestCall = callee;
            EnterOutlinedCall(outlined, callee, instance);
            body.BindStatements(declaration.Body);
            if (symbol.IsLibrary && declaration.Parameters.Count > 0 && callee.Values.TryGetValue(declaration.Parameters[0].Name.Text, out var first)) CheckAppliedTwice(symbol.Name, first, span);
            var taken = body.TakeResults(declaration);
            EndOutlinedCall(outlined, callee, instance, taken);
            if (taken is not { } results) return Poison;
            if (results.Count > 1) return new TupleOperand(results.ToEquatableArray<Operand>());
            return symbol.IsLibrary ? Mark(results[0], symbol.Name, span) : results[0];
        }
        finally
        {
            context.Depth--;
            SetOrigin(span);
        }
    }

    private static readonly IReadOnlyDictionary<string, Operand> NoConfig = new Dictionary<string, Operand>();

    private static readonly IReadOnlyDictionary<string, AxisNote> NoNotes = new Dictionary<string, AxisNote>();

    private bool EnterCall(CallableSymbol symbol, TextSpan span)
    {
        context.Depth++;
        var fits = context.Depth <= BindingContext.MaximumDepth;
        try
        {
            RuntimeHelpers.EnsureSufficientExecutionStack();
        }
        catch (InsufficientExecutionStackException)
        {
            fits = false;
        }
        if (fits) return true;
        context.Depth--;
        ReportAtRoot(DiagnosticTable.EndlessRecursion, span, symbol.Name, BindingContext.MaximumDepth);
        return false;
    }

    // Where all calls began: how deep or how much they unfold is the sum of them.
    private void ReportAtRoot(DiagnosticRow row, TextSpan span, params object[] arguments)
    {
        // A layer checked by itself has no numbers that fall.
        if (context.Symbolic) return;
        var place = frame;
        while (place.Caller is not null) (place, span) = (place.Caller, place.CallSpan);
        var root = place == frame ? this : new BodyBinder(context, place);
        root.Report(row, span, arguments);
    }

    /// <param name="describe">What a parameter takes, where it is neither config nor a tensor.</param>
    private Dictionary<string, CallArgument>? MatchArguments(string callee, EquatableArray<ParameterSyntax> parameters, List<CallArgument> arguments, TextSpan span, Func<ParameterSyntax, string>? describe = null)
    {
        var given = new Dictionary<string, CallArgument>(StringComparer.Ordinal);
        var position = 0;
        var fits = true;
        foreach (var argument in arguments)
        {
            string name;
            if (argument.Name is { } written)
            {
                name = written.Text;
                if (parameters.All(parameter => parameter.Name.Text != name))
                {
                    var closest = SuggestArgument(name, parameters.Select(parameter => parameter.Name.Text));
                    var all = parameters.Count == 0 ? null : $"'{callee}' has {string.Join(", ", parameters.Select(parameter => parameter.Name.Text))}";
                    Report(DiagnosticTable.UnknownArgument, written.Span, [], closest ?? all, callee, name);
                    fits = false;
                    continue;
                }
            }
            else if (position >= parameters.Count)
            {
                var count = arguments.Count(other => other.Name is null);
                Report(DiagnosticTable.TooManyArguments, argument.Span, [], ParametersFix(callee, parameters), callee, Count(parameters.Count, "argument"), count);
                return null;
            }
            else name = parameters[position++].Name.Text;
            if (given.ContainsKey(name))
            {
                Report(DiagnosticTable.ArgumentTwice, argument.Span, callee, name);
                fits = false;
                continue;
            }
            given.Add(name, argument);
        }
        foreach (var parameter in parameters)
        {
            if (parameter.Default is not null || given.ContainsKey(parameter.Name.Text) || !fits) continue;
            Report(DiagnosticTable.MissingArgument, span, [], ParametersFix(callee, parameters), callee, parameter.Name.Text, (describe ?? DescribeParameter)(parameter));
            fits = false;
        }
        return fits ? given : null;
    }

    private static string Count(int number, string noun) => number == 1 ? $"1 {noun}" : $"{number} {noun}s";

    private static string DescribeParameter(ParameterSyntax parameter) => parameter.Type.Axes is not null ? "a tensor" : parameter.Type.Element.Text switch
    {
        "dim" => "a size",
        "int" => "a whole number",
        "bool" => "true or false",
        "fn" => "a fn",
        "layer" => "a layer",
        "axis" => "an axis",
        "string" => "a string",
        _ => "a number",
    };

    // ---- Instances ----------------------------------------------------------------------------------------------

    /// <summary>An instance without a name yet. Null after a diagnostic.</summary>
    private LayerInstance? MakeInstance(Operand callee, List<CallArgument> arguments, TextSpan span)
    {
        if (callee is MemberOperand member)
        {
            if (arguments.Count > 0)
            {
                Report(DiagnosticTable.TooManyArguments, span, member.Symbol.Name, "no config", arguments.Count);
                return null;
            }
            return InstanceOfMember(member.Symbol);
        }
        var symbol = ((CallableOperand)callee).Symbol;
        var parameters = symbol.Declaration.Config ?? default;
        if (parameters.Count == 0 && arguments.FirstOrDefault() is { Name: null } first)
        {
            Report(DiagnosticTable.TooManyArguments, first.Span, [], $"write {symbol.Name}()", symbol.Name, "no config", arguments.Count);
            return null;
        }
        if (MatchArguments(symbol.Name, parameters, arguments, span) is not { } given) return null;
        var holder = new Frame(symbol, frame, span);
        var body = new BodyBinder(context, holder);
        return BindConfig(body, parameters, given, null) ? new LayerInstance(symbol, holder.Config, holder.Notes) : null;
    }

    /// <summary>Gives an instance that is used where it is made its name: the layer's, with a number when there are several.</summary>
    private bool NameInstance(LayerInstance instance, TextSpan span)
    {
        if (frame.Path.IsSingle) return PlaceInstance(instance, "", null, span);
        return PlaceInstance(instance, Derive(instance.Symbol.Name), null, span);
    }

    private string Derive(string name)
    {
        name = char.ToLowerInvariant(name[0]) + name.Substring(1);
        var key = frame.Path.Prefix + name + frame.Path.Suffix;
        frame.DerivedNames.TryGetValue(key, out var count);
        string candidate;
        do candidate = ++count == 1 ? name : $"{name}_{count}";
        while (frame.Claims.ContainsKey(LocalPath(candidate)));
        frame.DerivedNames[key] = count;
        return candidate;
    }

    /// <summary>Puts an instance at its place in the layer or model around it.</summary>
    private bool PlaceInstance(LayerInstance instance, string name, StringExpression? checkpointName, TextSpan span)
    {
        if (frame.Owner is not { } owner)
        {
            var net = frame.Symbol is TrainSymbol ? frame.Values.FirstOrDefault(pair => pair.Value is InstanceOperand { Instance.Symbol: var known } && known == instance.Symbol).Key : null;
            Report(DiagnosticTable.StorageOutsideLayer, span, [], net is null ? OwnerFix : $"write {net}(…), the network of this train",
                $"the {instance.Symbol.Kind.ToString().ToLowerInvariant()} '{instance.Symbol.Name}'", $"'{frame.Name}'");
            return false;
        }
        var path = LocalPath(name);
        if (!Claim(path, span, "layers")) return false;
        if (LocalCheckpointPath(name, checkpointName) is not { } checkpoint) return false;
        instance.Path = Join(owner.Path!, path);
        instance.CheckpointPath = Join(owner.CheckpointPath, checkpoint);
        instance.Net = owner.Net;
        return true;
    }

    private string LocalPath(string name) => name.Length == 0 ? frame.Path.Prefix.TrimEnd('.') : frame.Path.Prefix + name + frame.Path.Suffix;

    private bool Claim(string path, TextSpan span, string what)
    {
        if (frame.Claims.TryGetValue(path, out var other) && other != span)
        {
            Report(DiagnosticTable.StorageTwice, span, [new Label(frame.At(other), "the first")], null, path, what);
            return false;
        }
        frame.Claims[path] = span;
        return true;
    }

    private static string Join(string left, string right) => left.Length == 0 ? right : right.Length == 0 ? left : left + "." + right;
}
