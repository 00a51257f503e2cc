using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Generator.Printing;

/// <summary>One tensor of a signature in C#.</summary>
/// <param name="Tensor">As bound.</param>
/// <param name="Name">Its parameter or local.</param>
/// <param name="Member">Its property in a record.</param>
/// <param name="AxisPrefix">What stands before the types of its axes: the namespace, where it is another one.</param>
internal sealed record SignatureItem(BoundTensor Tensor, string Name, string Member, string AxisPrefix = "")
{
    /// <summary>Whether each axis has a type.</summary>
    public bool IsTyped => Tensor.Axes.Count is > 0 and <= SampleShape.MaximumRank && !Tensor.Axes.Any(axis => axis.Open is not null);

    public bool IsScalar => Tensor.Axes.Count == 0;

    public bool IsFloat => Tensor.Element.IsFloat();

    /// <summary><c>float</c></summary>
    public string Element => ElementText(Tensor.Element);

    /// <summary><c>Tensor&lt;float, Batch, Pixels></c>; without axes, with more than have a typed tensor, or with one that has no type, <c>Tensor&lt;float></c>.</summary>
    public string TensorType => IsTyped ? $"Tensor<{Element}, {string.Join(", ", Tensor.Axes.Select(axis => AxisPrefix + AxisNames.Type(axis)))}>" : $"Tensor<{Element}>";

    /// <summary>What C# users pass and get: plain numbers where there are no axes.</summary>
    public string PublicType => IsScalar ? Element : TensorType;

    /// <summary>The tensor in an expression, made of the number where the user passes one.</summary>
    public string AsTensor => IsScalar ? $"Signature.Scalar({Name})" : Name;

    /// <summary>The sizes of its axes as C# arguments.</summary>
    public string Sizes => string.Join(", ", Tensor.Axes.Select(axis => SizeText.Print(axis.Size)));

    /// <summary>A new tensor of zeros.</summary>
    public string New => !IsTyped && !IsScalar ? $"new {TensorType}([{Sizes}])" : $"new {TensorType}({Sizes})";

    /// <summary>As the <c>.fnn</c> file writes it: <c>x: f32[batch, pixels]</c>.</summary>
    public string Text => $"{Tensor.Name}: {TypeText}";

    public string TypeText => $"{Tensor.Element.Text()}[{string.Join(", ", Tensor.Axes.Select(AxisNames.Text))}]";

    public static string ElementText(ElementType element) => element switch
    {
        ElementType.F32 => "float",
        ElementType.F64 => "double",
        ElementType.I32 => "int",
        ElementType.I64 => "long",
        _ => "bool",
    };
}

/// <summary>
/// The inputs of a model or training in C#: names, types, and the checks at the border, where the sizes of the caller's data meet.
/// </summary>
internal sealed class SignatureText
{
    private static readonly string[] Taken =
        ["sizes", "inputs", "results", "resultGradients", "inputGradients", "chosen", "data", "sample", "first", "i", "scalars", "miniBatch", "seed", "device", "step", "returned"];

    // Members that records and tuples have, and the records of a training themselves.
    private static readonly string[] TakenMembers =
        ["CompareTo", "MiniBatch", "Rest", "Sample", .. CSharpNames.RecordMembers];

    private readonly EquatableArray<BoundGuard> _guards;
    private readonly EquatableArray<string> _sizes;
    private readonly Func<Origin, SourceLine?> _lines;

    // What generated methods call the tensors that they make for one.
    private static IEnumerable<string> Locals(BoundTensor tensor)
    {
        var name = CSharpNames.Camel(tensor.Name).TrimStart('@');
        return [name + "Gradient", name + "Tensor", name + "GradientTensor"];
    }

    // Item2 is the second of a tuple, and nothing else.
    private static string MemberName(BoundTensor tensor)
    {
        var name = CSharpNames.Pascal(tensor.Name);
        return name.Length > 4 && name.StartsWith("Item", StringComparison.Ordinal) && name.Skip(4).All(char.IsDigit) ? "Tensor" + name : name;
    }

    /// <param name="sizes">Sizes that the caller gives as numbers.</param>
    /// <param name="reserved">Names of locals that the methods have besides.</param>
    /// <param name="axisSpace">The namespace of the axes' types, where it is another one.</param>
    public SignatureText(
        EquatableArray<string> runtimeAxes, EquatableArray<BoundTensor> inputs, EquatableArray<BoundTensor> results, EquatableArray<BoundGuard> guards,
        Func<Origin, SourceLine?> lines, EquatableArray<string> sizes = default, IEnumerable<string>? reserved = null, string? axisSpace = null)
    {
        RuntimeAxes = runtimeAxes;
        _sizes = sizes;
        _guards = guards;
        _lines = lines;
        var tensors = inputs.Concat(results).Select((tensor, i) => tensor.Name.Length > 0 ? tensor : tensor with { Name = i == inputs.Count && results.Count == 1 ? "result" : "result" + NumberText.Integer(i - inputs.Count + 1) }).ToList();
        var names = CSharpNames.Distinct(tensors.Select(tensor => CSharpNames.Camel(tensor.Name)), Taken.Concat(reserved ?? []).Concat(runtimeAxes.Concat(sizes).Select(SizeText.Axis)).Concat(tensors.SelectMany(Locals)));
        var members = CSharpNames.Distinct(tensors.Take(inputs.Count).Select(MemberName), TakenMembers)
            .Concat(CSharpNames.Distinct(tensors.Skip(inputs.Count).Select(MemberName), TakenMembers)).ToList();
        var items = tensors.Select((tensor, i) => new SignatureItem(tensor, names[i], members[i], axisSpace is null ? "" : $"global::{CSharpNames.Namespace(axisSpace)}.")).ToList();
        Inputs = items.Take(inputs.Count).ToList();
        Results = items.Skip(inputs.Count).ToList();
    }

    public EquatableArray<string> RuntimeAxes { get; }

    public IReadOnlyList<SignatureItem> Inputs { get; }

    public IReadOnlyList<SignatureItem> Results { get; }

    /// <summary><c>Tensor&lt;float, Batch, Pixels> x, float temperature</c></summary>
    public static string Parameters(IEnumerable<SignatureItem> items) => string.Join(", ", items.Select(item => $"{item.PublicType} {item.Name}"));

    /// <summary><c>int batch, int time</c></summary>
    public string AxisParameters => string.Join(", ", RuntimeAxes.Select(axis => $"int {SizeText.Axis(axis)}"));

    /// <summary>The call of <see cref="PrintCheck"/>'s method, which declares a local for each run-time axis.</summary>
    public string CheckCall => $"CheckInputs({string.Join(", ", Inputs.Select(input => input.Name).Concat(_sizes.Select(SizeText.Axis)).Concat(RuntimeAxes.Select(axis => $"out var {SizeText.Axis(axis)}")))});";

    /// <summary>Prints the method that checks all inputs and finds the run-time sizes.</summary>
    /// <param name="requireSamples">Whether the first run-time axis must not be empty.</param>
    public void PrintCheck(CodeWriter writer, bool requireSamples)
    {
        writer.Line("// What could not be known at build: do sizes given at run time fit each other, and do integers lie on the axes they index.");
        var parameters = Inputs.Select(input => $"{input.PublicType} {input.Name}").Concat(_sizes.Select(size => $"int {SizeText.Axis(size)}")).Concat(RuntimeAxes.Select(axis => $"out int {SizeText.Axis(axis)}"));
        using (writer.Block($"private static void CheckInputs({string.Join(", ", parameters)})"))
        {
            foreach (var input in Inputs.Where(input => !input.IsScalar)) writer.Line($"ArgumentNullException.ThrowIfNull({input.Name});");
            foreach (var input in Inputs.Where(input => !input.IsTyped && !input.IsScalar))
            {
                writer.Line($"Signature.CheckRank({CSharpNames.Literal(input.Tensor.Name)}, {input.Name}.Shape, {NumberText.Integer(input.Tensor.Axes.Count)});");
            }
            var definitions = RuntimeAxes.Select(Define).ToList();
            foreach (var (text, _, _) in definitions) writer.Line(text);
            foreach (var input in Inputs) PrintSizeChecks(writer, input, definitions);
            if (requireSamples && RuntimeAxes.Count > 0) writer.Line($"Signature.CheckNotEmpty({CSharpNames.Literal(RuntimeAxes[0])}, {SizeText.Axis(RuntimeAxes[0])});");
            if (_guards.Count > 0) writer.Line($"CheckSizes({string.Join(", ", GuardAxes.Select(SizeText.Axis))});");
            foreach (var input in Inputs) PrintIndexCheck(writer, input);
            foreach (var input in Inputs.Where(input => input is { IsScalar: true, Tensor.Sampling: not null }))
                writer.Line($"Signature.CheckSampling({CSharpNames.Literal(input.Tensor.Name)}, {input.Name}, {CSharpNames.Literal(input.Tensor.Sampling!)});");
        }
        if (_guards.Count > 0) PrintGuards(writer);
    }

    /// <summary>Prints the checks of tensors that the caller passes to be filled, or gradients.</summary>
    /// <param name="name">Gives the variable of an item.</param>
    public static void PrintResultChecks(CodeWriter writer, IEnumerable<SignatureItem> results, Func<SignatureItem, string> name)
    {
        foreach (var result in results.Where(result => !result.IsScalar))
        {
            writer.Line($"ArgumentNullException.ThrowIfNull({name(result)});");
            for (var axis = 0; axis < result.Tensor.Axes.Count; axis++) PrintSizeCheck(writer, name(result), name(result), result, axis);
        }
    }

    private IEnumerable<string> GuardAxes
    {
        get
        {
            var used = new HashSet<string>(_guards.SelectMany(guard => guard.AxisNames));
            return _sizes.Concat(RuntimeAxes).Where(used.Contains);
        }
    }

    private void PrintGuards(CodeWriter writer)
    {
        writer.Line();
        writer.Line("// Not inlined, so that a stack trace shows the line of the condition.");
        writer.Line("[MethodImpl(MethodImplOptions.NoInlining)]");
        using (writer.Block($"private static void CheckSizes({string.Join(", ", GuardAxes.Select(axis => $"int {SizeText.Axis(axis)}"))})"))
        {
            foreach (var guard in _guards)
            {
                var (left, right) = (SizeText.Print(guard.Left), SizeText.Print(guard.Right));
                using (writer.MapTo(_lines(guard.Origin) is { } line ? (line.File, line.Line) : null))
                {
                    var axes = guard.AxisNames.Select(axis => $"({CSharpNames.Literal(axis)}, {SizeText.Axis(axis)}, {CSharpNames.Literal(Whence(axis))})");
                    writer.Line($"if (!({left} {guard.Comparison} {right})) throw Signature.GuardFailed({CSharpNames.Literal(guard.Text)}, {left}, {CSharpNames.Literal(guard.Comparison)}, {right}, [{string.Join(", ", axes)}]);");
                }
            }
        }
    }

    /// <summary>The condition of an axis that must not be empty; null where it may be.</summary>
    public string? NotEmpty(string axis) => _guards.FirstOrDefault(guard => guard.AxisNames.SequenceEqual([axis]) && IsLinear(guard.Left) && IsLinear(guard.Right) && !guard.Holds(_ => 0))?.Text;

    // Without a division, which 0 would not do for.
    private static bool IsLinear(Size size) => size.Terms.SelectMany(term => term.Factors).All(factor => factor is Size.NamedAtom);

    /// <summary>Where the caller gave an axis its size, in the words of a message; nothing where that was a number.</summary>
    private string Whence(string axis)
    {
        foreach (var isIt in new Func<Size, bool>[] { size => size == Size.Axis(axis), size => Solve(size, axis) is not null })
        {
            foreach (var input in Inputs)
            {
                for (var k = 0; k < input.Tensor.Axes.Count; k++)
                {
                    if (isIt(input.Tensor.Axes[k].Size)) return $"axis {NumberText.Integer(k)} of '{input.Tensor.Name}'";
                }
            }
        }
        return "";
    }

    /// <summary>Where a run-time axis gets its size: from the first input that has it, alone or as the only unknown of an expression.</summary>
    private (string Text, SignatureItem? Input, int Axis) Define(string name)
    {
        var local = SizeText.Axis(name);
        foreach (var input in Inputs)
        {
            for (var axis = 0; axis < input.Tensor.Axes.Count; axis++)
            {
                if (input.Tensor.Axes[axis].Size == Size.Axis(name)) return ($"{local} = {input.Name}.Shape[{NumberText.Integer(axis)}];", input, axis);
            }
        }
        foreach (var input in Inputs)
        {
            for (var axis = 0; axis < input.Tensor.Axes.Count; axis++)
            {
                if (Solve(input.Tensor.Axes[axis].Size, name) is not var (factor, rest)) continue;
                var shape = $"{input.Name}.Shape[{NumberText.Integer(axis)}]";
                var difference = rest == 0 ? shape : rest > 0 ? $"({shape} - {NumberText.Integer(rest)})" : $"({shape} + {NumberText.Integer(-rest)})";
                return ($"{local} = {difference}{(factor == 1 ? "" : " / " + NumberText.Integer(factor))};", null, 0);
            }
        }
        throw new InvalidOperationException($"No input says how large '{name}' is.");
    }

    /// <summary>factor·name + rest, when the size is that.</summary>
    private static (long Factor, long Others)? Solve(Size size, string name)
    {
        long factor = 0, rest = 0;
        foreach (var term in size.Terms)
        {
            if (term.Factors.Count == 0) rest = term.Coefficient;
            else if (term.Factors.Count == 1 && term.Factors[0] is Size.NamedAtom named && named.Name == name) factor = term.Coefficient;
            else return null;
        }
        return factor > 0 ? (factor, rest) : null;
    }

    private static void PrintSizeChecks(CodeWriter writer, SignatureItem input, List<(string Text, SignatureItem? Input, int Axis)> definitions)
    {
        for (var axis = 0; axis < input.Tensor.Axes.Count; axis++)
        {
            if (definitions.Any(definition => definition.Input == input && definition.Axis == axis)) continue;
            PrintSizeCheck(writer, input.Name, input.Tensor.Name, input, axis);
        }
    }

    private static void PrintSizeCheck(CodeWriter writer, string variable, string name, SignatureItem item, int position)
    {
        var axis = item.Tensor.Axes[position];
        // A number's type has checked it.
        if (item.IsTyped && axis.Name is null && axis.Size.IsConstant) return;
        writer.Line($"Signature.CheckSize({CSharpNames.Literal(name)}, {variable}.Shape, {NumberText.Integer(position)}, {SizeText.Print(axis.Size)}, {CSharpNames.Literal(AxisNames.Text(axis))});");
    }

    private static void PrintIndexCheck(CodeWriter writer, SignatureItem input)
    {
        if (input.Tensor.IsIndexBelow is not { } bound) return;
        var method = input.IsScalar ? "CheckIndex" : "CheckIndices";
        writer.Line($"Signature.{method}({CSharpNames.Literal(input.Tensor.Name)}, {input.Name}, {SizeText.Print(bound)}{(input.Tensor.IsLength ? ", isLength: true" : "")});");
    }
}
