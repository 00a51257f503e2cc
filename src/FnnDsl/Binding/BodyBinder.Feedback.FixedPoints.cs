using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Operators;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Binding;

// Feedback blocks: equilibria.
internal sealed partial class BodyBinder
{
    private const double DefaultTolerance = 1e-4;
    private const int DefaultRounds = 40;
    private const int DefaultHistory = 5;
    private const int LongestHistory = 8;

    private void BindFixedPoint(FeedbackScope scope, FixedPointForm form, Rounds rounds)
    {
        var feedback = scope.Syntax;
        if (!CheckFloats(scope) || ReadSettings(form) is not var (settings, gradient))
        {
            ForgetRound(scope);
            PoisonResults(feedback);
            return;
        }
        var region = Builder.BeginLoop(settings.AtMost);
        foreach (var state in scope.States) state.Before = region.AddState(state.Type);
        var isRight = BindRound(scope, rounds, region, out var hidden);
        ForgetRound(scope);
        // What has no value by then had an error.
        PoisonResults(feedback);
        if (!isRight) return;
        SetOrigin(feedback.Span);
        var before = scope.States.Select(state => state.Before).ToArray();
        var mapped = scope.States.Select(state => state.Next!.Value).ToArray();
        if (!IsBounded(mapped, before)) Report(DiagnosticTable.MapUnbounded, form.Span, scope.States[0].Name.Text);

        var otherwise = feedback.Otherwise?.Text switch { "fail" => Graphs.Otherwise.Fail, "best" => Graphs.Otherwise.Best, _ => Graphs.Otherwise.Warn };
        var solved = FixedPointSolver.Solve(Builder, region, before, mapped, scope.States.Select(state => state.Initial).ToArray(), settings);
        var found = FixedPointSolver.Checked(Builder, solved, "the fixed point", otherwise, settings).Select(Builder.Stop).ToArray();
        // The map once more, where it was found: its derivative there is that of the equilibrium.
        var there = Enumerable.Range(0, before.Length).ToDictionary(k => before[k].Id, k => found[k]);
        var again = Builder.Rewrite(mapped.Concat(hidden.Select(buffer => buffer.Next)).ToArray(), there);
        var values = Builder.Equilibrium(found, again.Take(found.Length).ToArray(), gradient, otherwise);
        for (var k = 0; k < values.Length; k++) frame.Values[scope.States[k].Name.Text] = new TensorOperand(values[k], scope.States[k].Notes);
        for (var k = 0; k < hidden.Count; k++) KeepBuffer(hidden[k].Place, again[found.Length + k]);
        if (feedback.Step is not { } step) return;
        var notes = scope.States[0].Notes.Take(solved.Rounds.Type.Rank).ToEquatableArray();
        frame.Values[step.Text] = new SolvedOperand(solved.Rounds, notes, Builder.Stop(solved.Residual), solved.Converged);
        Note(step.Span, frame.Values[step.Text]);
    }

    private bool CheckFloats(FeedbackScope scope)
    {
        foreach (var state in scope.States)
        {
            if (state.Type.Element.IsFloat() && state.Type.Element == scope.States[0].Type.Element) continue;
            Report(DiagnosticTable.FeedbackKind, state.Name.Span, "a state of a fixed point", $"a float tensor{(state == scope.States[0] ? "" : $" like '{scope.States[0].Name.Text}'")}", state.Type);
            return false;
        }
        return true;
    }

    // ---- Settings -----------------------------------------------------------------------------------------------

    private (SolverSettings Forward, SolverSettings Gradient)? ReadSettings(FixedPointForm form)
    {
        string[] order = ["tol", "at_most", "solver", "gradient"];
        var given = new Dictionary<string, Expression>();
        for (var k = 0; k < form.Arguments.Count; k++)
        {
            var argument = form.Arguments[k];
            var name = argument.Name?.Text ?? (k < order.Length ? order[k] : "");
            if (Array.IndexOf(order, name) < 0 || given.ContainsKey(name))
            {
                Report(DiagnosticTable.BadSolver, argument.Span, [], argument.Name is { } written ? Spelling.Fix(written.Text, order) : null, argument.Name?.Text ?? "fixed_point",
                    given.ContainsKey(name) ? "it is given twice" : $"there are {string.Join(", ", order)}");
                return null;
            }
            given.Add(name, argument.Value);
        }
        var forward = new SolverSettings(DefaultTolerance, DefaultRounds, DefaultHistory, 1);
        if (given.TryGetValue("solver", out var solver))
        {
            if (ReadSolver(solver, forward) is not { } chosen) return null;
            forward = chosen;
        }
        if (ReadEnd(given.TryGetValue("tol", out var tolerance) ? tolerance : null, given.TryGetValue("at_most", out var most) ? most : null, forward) is not { } ended) return null;
        if (!given.TryGetValue("gradient", out var gradient)) return (ended, ended);
        if (gradient is not TupleExpression { Items.Count: 2 } pair)
        {
            Report(DiagnosticTable.BadSolver, gradient.Span, "gradient", "it takes the tolerance and the most rounds of its own: (1e-4, 40)");
            return null;
        }
        return ReadEnd(pair.Items[0], pair.Items[1], ended) is { } own ? (ended, own) : null;
    }

    private SolverSettings? ReadEnd(Expression? tolerance, Expression? most, SolverSettings settings)
    {
        if (tolerance is not null)
        {
            var operand = Bind(tolerance);
            if (operand is PoisonOperand) return null;
            if (!TryNumber(operand, out var number, out _) || !(number > 0))
            {
                Report(DiagnosticTable.BadSolver, tolerance.Span, "tol", $"the relative residual of a sample that counts as reached, a number above 0 known at build, but this is {Describe(operand)}");
                return null;
            }
            settings = settings with { Tolerance = number };
        }
        if (most is null) return settings;
        return RoundsOf(most) is { } rounds ? settings with { AtMost = rounds.Count } : null;
    }

    private SolverSettings? ReadSolver(Expression solver, SolverSettings settings)
    {
        var (name, arguments) = solver switch
        {
            NameExpression alone => (alone.Name, Array.Empty<Argument>()),
            CallExpression { Callee: NameExpression called } call => (called.Name, call.Arguments.ToArray()),
            _ => ("", Array.Empty<Argument>()),
        };
        if (name is not ("anderson" or "picard") || arguments.Length > 1)
        {
            Report(DiagnosticTable.BadSolver, solver.Span, [], Spelling.Fix(name, ["anderson", "picard"]), "solver", "there are anderson(5), which mixes so many of the last iterates, and picard(1), which takes such a share of each new value");
            return null;
        }
        double number = name == "anderson" ? DefaultHistory : 1;
        if (arguments.Length == 1)
        {
            var operand = Bind(arguments[0].Value);
            if (operand is PoisonOperand) return null;
            var isNumber = TryNumber(operand, out number, out var whole);
            var fits = isNumber && (name == "anderson" ? whole && number is >= 2 and <= LongestHistory : number is > 0 and <= 1);
            if (!fits)
            {
                Report(DiagnosticTable.BadSolver, arguments[0].Span, name, name == "anderson" ? $"it mixes 2 to {LongestHistory} of the last iterates, not {Describe(operand)}" : $"it takes a share above 0 and at most 1 of each new value, not {Describe(operand)}");
                return null;
            }
        }
        return name == "anderson" ? settings with { History = (int)number } : settings with { History = 0, Damping = number };
    }

    // ---- Bounds -------------------------------------------------------------------------------------------------

    private static readonly HashSet<string> BoundedOperators = ["tanh", "sigmoid", "sin", "cos", "erf", "sign", "floor"];

    /// <summary>
    /// Whether something keeps the map from growing without limit: on each way from a state to a next one a function with bounded values, or a division by something that
    /// grows as well (a norm, a softmax).
    /// </summary>
    private bool IsBounded(IReadOnlyList<Value> mapped, IReadOnlyList<Value> before)
    {
        var leaves = new HashSet<int>(before.Select(value => value.Id));
        var dependent = new HashSet<int>();
        foreach (var id in Builder.ConeOf(mapped.Select(value => value.Id), leaves.Contains))
        {
            if (leaves.Contains(id) || Builder[id].Inputs.Any(dependent.Contains)) dependent.Add(id);
        }
        var seen = new HashSet<int>();
        var stack = new Stack<int>(mapped.Select(value => value.Id).Where(dependent.Contains));
        while (stack.Count > 0)
        {
            var id = stack.Pop();
            if (!seen.Add(id)) continue;
            if (leaves.Contains(id)) return false;
            var node = Builder[id];
            if (node.Operation is Elementwise { Operator: var op } && (BoundedOperators.Contains(op.Name) || IsNormalising(op, node, dependent))) continue;
            if (node.Operation is Loop or LoopFinal or LoopStack) continue;
            foreach (var input in node.Inputs.Where(dependent.Contains)) stack.Push(input);
        }
        return true;
    }

    private bool IsNormalising(ScalarOperator op, Node node, HashSet<int> dependent)
    {
        if (op == OperatorTable.Div) return dependent.Contains(node.Inputs[1]);
        if (op == OperatorTable.Mul) return node.Inputs.All(dependent.Contains) && node.Inputs.Any(input => Behind(input).Operation is Elementwise { Operator: var factor } && factor == OperatorTable.Rsqrt);
        return false;
    }

    private Node Behind(int id)
    {
        while (Builder[id].Operation is View or Graphs.Reshape) id = Builder[id].Inputs[0];
        return Builder[id];
    }
}

/// <summary>What <c>as rounds</c> is after a fixed point: the rounds of each sample, and what else the solver tells.</summary>
internal sealed record SolvedOperand(Value Value, EquatableArray<AxisNote> Notes, Value Residual, Value Converged) : TensorOperand(Value, Notes)
{
    public override string Kind => "the rounds of a fixed point";
}
