using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Operators;
using FeedbackNN.Dsl.Syntax;

namespace FeedbackNN.Dsl.Binding;

/// <summary>
/// Evaluates dims: arithmetic over numbers and other dims, in any order of declaration.
/// </summary>
internal sealed class DimEvaluator(Func<string, string, bool, Symbol?> find, DiagnosticBag diagnostics)
{
    private readonly Dictionary<DimSymbol, DimValue?> _values = [];
    private readonly HashSet<DimSymbol> _open = [];

    public DimValue? ValueOf(DimSymbol dim)
    {
        if (_values.TryGetValue(dim, out var known)) return known;
        if (!_open.Add(dim))
        {
            diagnostics.Report(DiagnosticTable.DimWithoutValue, dim.Location, dim.Name, "it is defined by itself");
            return null;
        }
        var value = Evaluate(dim.Declaration.Value, dim);
        _open.Remove(dim);
        return _values[dim] = value;
    }

    private DimValue? Evaluate(Expression expression, DimSymbol dim)
    {
        switch (expression)
        {
            case NumberExpression number: return new DimValue(number.Value, number.IsInteger);
            case MissingExpression: return null;
            case NameExpression { Name: "pi" }: return new DimValue(Math.PI, false);
            case NameExpression name:
                switch (find(dim.Namespace, name.Name, dim.IsLibrary))
                {
                    case DimSymbol other: return ValueOf(other);
                    case null:
                        diagnostics.Report(DiagnosticTable.UnknownName, new Location(dim.Source, name.Span), name.Name);
                        return null;
                    case var symbol:
                        diagnostics.Report(DiagnosticTable.DimWithoutValue, new Location(dim.Source, name.Span), dim.Name, $"'{symbol.Name}' is no dim");
                        return null;
                }
            case UnaryExpression { Operator: UnaryOperator.Negate } unary:
                return Evaluate(unary.Operand, dim) is { } operand ? operand with { Value = -operand.Value } : null;
            case BinaryExpression binary when Evaluate(binary.Left, dim) is { } left && Evaluate(binary.Right, dim) is { } right:
                return Combine(binary, left, right, dim);
            case BinaryExpression: return null;
            case CallExpression { Callee: NameExpression callee } call when OperatorTable.TryFind(callee.Name) is { } row && row.Arity == call.Arguments.Count:
                var arguments = call.Arguments.Select(argument => Evaluate(argument.Value, dim)).ToArray();
                if (arguments.Any(argument => argument is null)) return null;
                var result = row.Evaluate(arguments.Select(argument => argument!.Value.Value).ToArray());
                if (row == OperatorTable.Div && arguments.All(argument => argument!.Value.IsInteger)) result = Math.Floor(result);
                return Finite(new DimValue(result, result == Math.Floor(result) && row.Typing == OperatorTyping.Numeric), expression, dim);
            default:
                diagnostics.Report(DiagnosticTable.DimWithoutValue, new Location(dim.Source, expression.Span), dim.Name, "a dim is arithmetic over numbers and dims");
                return null;
        }
    }

    private DimValue? Combine(BinaryExpression binary, DimValue left, DimValue right, DimSymbol dim)
    {
        var both = left.IsInteger && right.IsInteger;
        double? value = binary.Operator switch
        {
            BinaryOperator.Add => left.Value + right.Value,
            BinaryOperator.Subtract => left.Value - right.Value,
            BinaryOperator.Multiply => left.Value * right.Value,
            BinaryOperator.Divide => left.Value / right.Value,
            BinaryOperator.Remainder => left.Value - right.Value * Math.Floor(left.Value / right.Value),
            BinaryOperator.Power => Math.Pow(left.Value, right.Value),
            _ => null,
        };
        if (value is { } number) return Finite(new DimValue(number, both && number == Math.Floor(number)), binary, dim);
        diagnostics.Report(DiagnosticTable.DimWithoutValue, new Location(dim.Source, binary.OperatorSpan), dim.Name, "a dim is arithmetic over numbers and dims");
        return null;
    }

    private DimValue? Finite(DimValue value, Expression expression, DimSymbol dim)
    {
        if (ScalarFunctions.IsFinite(value.Value) && (!value.IsInteger || Math.Abs(value.Value) < 1e15)) return value;
        var reason = !ScalarFunctions.IsFinite(value.Value) ? Divides(expression) ? "this divides by 0" : "this is no number" : "this is larger than 10^15";
        diagnostics.Report(DiagnosticTable.DimWithoutValue, new Location(dim.Source, expression.Span), dim.Name, reason);
        return null;

        static bool Divides(Expression expression) =>
            expression is BinaryExpression { Operator: BinaryOperator.Divide or BinaryOperator.Remainder } or CallExpression { Callee: NameExpression { Name: "div" } };
    }
}
