using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Planning;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Generator.Printing;

/// <summary>
/// The expressions of a kernel's body: which value is computed in which pass over the columns, and how it is written. A value that
/// is used once is written where it is used; others get a local.
/// </summary>
internal sealed class KernelBody
{
    private const int LongestExpression = 96;

    private readonly Kernel _kernel;
    private readonly string _math;
    private readonly IReadOnlyList<int> _pass;
    private readonly Dictionary<int, string> _scalars = [];
    private readonly IReadOnlyDictionary<int, int> _gaussians;

    /// <param name="kernel">Whose body it is.</param>
    /// <param name="math">The class that has the operators on one element.</param>
    public KernelBody(Kernel kernel, string math)
    {
        _kernel = kernel;
        _math = math;
        _gaussians = KernelTraits.Gaussians(kernel);
        _pass = KernelTraits.Passes(kernel);
        PassCount = kernel.Stores.Select(store => _pass[store.Value]).Concat(_pass).Max() + 1;
    }

    /// <summary>Passes over the columns of a row; after the last reduction there may be one more for what is made of it.</summary>
    public int PassCount { get; }

    public int PassOf(int value) => _pass[value];

    private static bool IsReduction(KernelValue value) => value is ReduceValue or ArgReduceValue;

    // ---- Levels below the columns: scalars --------------------------------------------------------------------------

    /// <summary>Writes the locals of one level that are ready when a pass begins.</summary>
    public void WriteScalars(CodeWriter writer, Level level, int pass, Func<Access, string> address, Func<IndexValue, string> index, Func<RandomValue, string> random)
    {
        for (var i = 0; i < _kernel.Values.Count; i++)
        {
            var value = _kernel.Values[i];
            if (value.Level != level || _pass[i] != pass || _scalars.ContainsKey(i)) continue;
            switch (value)
            {
                case NumberValue number:
                    _scalars[i] = ScalarText.Number(number.Number, number.Element);
                    continue;
                case SizeNumberValue size:
                    _scalars[i] = $"({ScalarText.Type(size.Element)})({SizeText.Print(size.Size)})";
                    continue;
            }
            if (IsReduction(value)) continue;
            var expression = value switch
            {
                LoadValue load => address(load.Access),
                IndexValue indexValue => index(indexValue),
                RandomValue randomValue => random(randomValue),
                ConvertValue convert => ScalarText.Convert(_scalars[convert.Input], _kernel.Values[convert.Input].Element, convert.Element),
                ApplyValue apply => ScalarText.Apply(apply.Operator, apply.Inputs.Select(id => _scalars[id]).ToArray(), _kernel.Values[apply.Inputs[0]].Element, _math),
                _ => throw new InvalidOperationException($"No C# is known for {value}."),
            };
            writer.Line($"var v{i} = {expression};");
            _scalars[i] = "v" + i;
        }
    }

    public void SetScalar(int value, string name) => _scalars[value] = name;

    public string Scalar(int value) => _scalars[value];

    /// <summary>Forgets the scalars of a row when the next begins.</summary>
    public void ForgetRows()
    {
        foreach (var id in _scalars.Keys.Where(id => _kernel.Values[id].Level == Level.Row).ToArray()) _scalars.Remove(id);
    }

    // ---- Columns ----------------------------------------------------------------------------------------------------

    /// <summary>
    /// Writes what one pass computes for its columns: locals for values used more than once, then what <paramref name="use"/> does with
    /// each wanted value's expression.
    /// </summary>
    public void WriteColumns(CodeWriter writer, IReadOnlyList<int> wanted, Func<Access, string> load, Func<IndexValue, string> index, Func<RandomValue, string> random, Action<int, string> use)
    {
        var isVector = _kernel.IsVectorized;
        var uses = CountUses(wanted);
        foreach (var pair in _gaussians.Where(pair => isVector && uses.ContainsKey(pair.Key) && uses.ContainsKey(pair.Value))) uses[pair.Value]++;
        var texts = new Dictionary<int, string>();
        foreach (var id in uses.Keys.OrderBy(id => id))
        {
            if (texts.ContainsKey(id)) continue;
            var value = _kernel.Values[id];
            if (isVector && _gaussians.TryGetValue(id, out var gaussian) && uses.ContainsKey(gaussian) && !texts.ContainsKey(gaussian))
            {
                // The error function takes e^(-x^2), which is wanted too: so it comes first.
                var x = texts[((ApplyValue)value).Inputs[0]];
                writer.Line($"var v{gaussian} = SimdMath.Exp(-({x} * {x}));");
                texts[gaussian] = "v" + gaussian;
            }
            if (value.Level != Level.Column || IsReduction(value))
            {
                texts[id] = isVector ? VectorText.Broadcast(_scalars[id], value.Element) : _scalars[id];
                continue;
            }
            var expression = value switch
            {
                LoadValue loadValue => load(loadValue.Access),
                IndexValue indexValue => index(indexValue),
                RandomValue randomValue => random(randomValue),
                ConvertValue convert => isVector
                    ? VectorText.Convert(texts[convert.Input], _kernel.Values[convert.Input].Element, convert.Element)
                    : ScalarText.Convert(texts[convert.Input], _kernel.Values[convert.Input].Element, convert.Element),
                ApplyValue apply => Apply(id, apply, texts),
                _ => throw new InvalidOperationException($"No C# is known for {value}."),
            };
            if (uses[id] > 1 || expression.Length > LongestExpression || (value is LoadValue replaced && _kernel.Replacements.Any(replacement => replacement.Read == replaced.Access.Operand)))
            {
                writer.Line($"var v{id} = {expression};");
                texts[id] = "v" + id;
            }
            else
            {
                texts[id] = expression;
            }
        }
        foreach (var id in wanted.Distinct()) use(id, texts[id]);
    }

    private string Apply(int id, ApplyValue apply, Dictionary<int, string> texts)
    {
        var inputs = apply.Inputs.Select(input => texts[input]).ToArray();
        var element = _kernel.Values[apply.Inputs[0]].Element;
        if (!_kernel.IsVectorized) return ScalarText.Apply(apply.Operator, inputs, element, _math);
        return VectorText.Apply(apply.Operator, _gaussians.TryGetValue(id, out var gaussian) && texts.TryGetValue(gaussian, out var text) ? [.. inputs, text] : inputs, element);
    }

    private Dictionary<int, int> CountUses(IReadOnlyList<int> wanted)
    {
        var uses = new Dictionary<int, int>();
        var stack = new Stack<int>(wanted);
        while (stack.Count > 0)
        {
            var id = stack.Pop();
            uses[id] = uses.TryGetValue(id, out var count) ? count + 1 : 1;
            if (count > 0 || _kernel.Values[id].Level != Level.Column || IsReduction(_kernel.Values[id])) continue;
            switch (_kernel.Values[id])
            {
                case ApplyValue apply:
                    foreach (var input in apply.Inputs) stack.Push(input);
                    break;
                case ConvertValue convert:
                    stack.Push(convert.Input);
                    break;
            }
        }
        return uses;
    }
}
