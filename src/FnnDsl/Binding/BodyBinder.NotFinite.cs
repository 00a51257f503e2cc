using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Interpretation;
using FeedbackNN.Dsl.Operators;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Binding;

// Numbers known at build that are not finite, though everything they are made of is: 0/0, log(0), a const that divides by its index.
internal sealed partial class BodyBinder
{
    /// <summary>How many elements a const may have in all, those on the way counted, to be looked through at build.</summary>
    private const long MostElements = 200_000;

    /// <summary>Tells of a result that its operands do not explain.</summary>
    private double Told(double result, IEnumerable<double> operands, TextSpan span)
    {
        if (!frame.IsLibrary && !ScalarFunctions.IsFinite(result) && operands.All(ScalarFunctions.IsFinite)) Report(DiagnosticTable.NotFinite, span, [], FiniteFix(result), $"'{TextOf(span)}'", NumberName(result), "");
        return result;
    }

    /// <summary>Looks through the elements of a const: its formula may divide by an index that begins with 0.</summary>
    public void CheckFinite(ConstSymbol symbol)
    {
        var constant = BindConst(symbol);
        if (context.Diagnostics.HasErrors || constant is not TensorOperand tensor || tensor.Shape.Any(size => !size.IsConstant)) return;
        var cone = Builder.ConeOf([tensor.Value.Id], _ => false).Select(id => Builder[id]).ToArray();
        if (cone.Any(node => node.Operation is LoopFinal or LoopStack or Contract) || cone.Sum(node => node.Type.ElementCount.TryGetConstant(out var count) ? count : MostElements) > MostElements) return;
        // A mask is made of infinities that are written down.
        var isMask = cone.Any(node => node.Operation is Constant { Value: var value } && double.IsInfinity(value));
        var elements = Interpreter.Run(Builder.Build([new GraphOutput(new ResultTarget(0, symbol.Name), tensor.Value.Id)]), new InterpreterInputs())[0];
        var wrong = Enumerable.Range(0, elements.Length).Where(k => double.IsNaN(elements[k]) || (!isMask && double.IsInfinity(elements[k]))).ToArray();
        if (wrong.Length == 0) return;
        var (place, value) = symbol.Declaration.Binding switch
        {
            IndexBindStatement bind => (PlaceOf(bind, tensor, wrong[0]), bind.Value),
            BindStatement bind => ($" at element {wrong[0]}", bind.Value),
            _ => ("", null),
        };
        var others = wrong.Length == 1 ? "" : $", and so {(wrong.Length == 2 ? "is 1 element" : $"are {wrong.Length - 1} elements")} more";
        var fix = symbol.Declaration.Binding is IndexBindStatement { Indices: { Count: > 0 } indices } && indices[0].Name is { Text: var first } ? $"an index begins with 0: {first} + 1 begins with 1, and select({first} > 0, …, …) says what the first is" : FiniteFix(elements[wrong[0]]);
        context.Diagnostics.Report(DiagnosticTable.NotFinite, new Location(symbol.Source, value?.Span ?? symbol.Syntax.Name.Span), fix, default, $"'{symbol.Name}'", NumberName(elements[wrong[0]]), place + others);
    }

    // ' where t is 0', of an element by its number.
    private static string PlaceOf(IndexBindStatement bind, TensorOperand tensor, int element)
    {
        var indices = new List<string>();
        for (var axis = tensor.Rank - 1; axis >= 0; axis--)
        {
            tensor.Shape[axis].TryGetConstant(out var length);
            indices.Insert(0, $"{(axis < bind.Indices.Count ? bind.Indices[axis].Name?.Text ?? "..." : "...")} is {element % length}");
            element /= (int)length;
        }
        return indices.Count == 0 ? "" : " where " + string.Join(" and ", indices);
    }

    private static string? FiniteFix(double number) => double.IsNaN(number) ? null : $"write {(number > 0 ? "inf" : "-inf")}, if it is meant";

    private static string NumberName(double number) => double.IsNaN(number) ? "not a number" : number > 0 ? "infinite" : "minus infinity";
}
