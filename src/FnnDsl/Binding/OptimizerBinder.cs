using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Binding;

/// <summary>Binds <c>adamw(lr: warmup_cosine(1e-3, warmup: 100, total: 5_000), weight_decay: 0.1)</c> against the table of optimizers.</summary>
internal sealed class OptimizerBinder(BodyBinder body)
{
    public BoundOptimizer? Bind(Expression expression)
    {
        var (name, arguments) = Split(expression);
        if (name is null || OptimizerTable.FindOptimizer(name) is not { } row)
        {
            var names = OptimizerTable.Optimizers.Select(optimizer => optimizer.Name).ToArray();
            if (expression is MissingExpression) return null;
            Report(DiagnosticTable.UnknownOptimizer, expression.Span, name is null ? null : ForeignNames.NearestOptimizer(name) ?? Spelling.Closest(name, names), name ?? Text(expression), string.Join(", ", names));
            return null;
        }
        return Settings(row, Unfold(arguments), expression.Span, allowSchedules: true) is { } settings && IsRight(row, settings, arguments, expression) ? new BoundOptimizer(row.Name, settings) : null;
    }

    // Nesterov's step looks ahead by the momentum, as it is: without one, or with a damped one, there is nothing of the kind.
    private bool IsRight(OptimizerTable.Row row, EquatableArray<BoundSetting> settings, EquatableArray<Argument> arguments, Expression expression)
    {
        double? Number(string setting) => settings.FirstOrDefault(item => item.Name == setting)?.Number;
        if (body.Context.Symbolic || Number("nesterov") is not 1 || (Number("momentum") > 0 && Number("dampening") == 0)) return true;
        var span = arguments.FirstOrDefault(argument => argument.Name?.Text == "nesterov")?.Span ?? expression.Span;
        var (wrong, fix) = Number("momentum") > 0 ? ("goes with a dampening of 0 only", "dampening: 0") : ("looks ahead by the momentum, and this has none", "momentum: 0.9, nesterov: true");
        Report(DiagnosticTable.BadSetting, span, fix, "nesterov", row.Name, wrong);
        return false;
    }

    private BoundSchedule? BindSchedule(string name, EquatableArray<Argument> arguments, TextSpan span)
    {
        if (OptimizerTable.FindSchedule(name) is not { } row)
        {
            var names = OptimizerTable.Schedules.Select(schedule => schedule.Name).ToArray();
            Report(DiagnosticTable.UnknownSchedule, span, Spelling.Closest(name, names), name, string.Join(", ", names));
            return null;
        }
        if (Settings(row, arguments, span, allowSchedules: false) is not { } settings) return null;
        // Of a family without a member nobody knows the numbers.
        if (body.Context.Symbolic) return new BoundSchedule(row.Name, settings);
        double Number(string setting) => settings.First(item => item.Name == setting).Number!.Value;
        if (row.Rates.All(rate => Number(rate) == 0)) Report(DiagnosticTable.NothingLearnt, span, null);
        if (row.Name == "warmup_cosine" && Number("total") <= Number("warmup"))
        {
            Report(DiagnosticTable.BadSetting, span, null, "total", row.Name, "must be larger than warmup");
            return null;
        }
        return new BoundSchedule(row.Name, settings);
    }

    private EquatableArray<BoundSetting>? Settings(OptimizerTable.Row row, EquatableArray<Argument> arguments, TextSpan span, bool allowSchedules)
    {
        var given = new BoundSetting?[row.Settings.Length];
        var position = 0;
        foreach (var argument in arguments)
        {
            var index = argument.Name is { } name ? Array.FindIndex(row.Settings, setting => setting.Name == name.Text) : position++;
            if (index < 0 && argument.Name!.Text == "betas" && row.Settings.Any(setting => setting.Name == "beta1"))
            {
                Report(DiagnosticTable.BadSetting, argument.Value.Span, "betas: (0.9, 0.999)", "betas", row.Name, "is a pair of numbers");
                return null;
            }
            if (index < 0)
            {
                var names = row.Settings.Select(setting => setting.Name).ToArray();
                var own = ForeignNames.Argument(argument.Name!.Text);
                var closest = own is not null && names.Contains(own) ? own : Spelling.Closest(argument.Name.Text, names);
                body.Report(DiagnosticTable.UnknownArgument, argument.Name.Span, [], closest is null ? $"'{row.Name}' has {string.Join(", ", names)}" : $"write {closest}", row.Name, argument.Name.Text);
                return null;
            }
            if (index >= row.Settings.Length)
            {
                Report(DiagnosticTable.TooManyArguments, argument.Span, null, row.Name, $"{row.Settings.Length} settings", arguments.Count);
                return null;
            }
            var setting = row.Settings[index];
            if (given[index] is not null)
            {
                Report(DiagnosticTable.ArgumentTwice, argument.Span, null, row.Name, setting.Name);
                return null;
            }
            if (Value(row, setting, argument.Value, allowSchedules) is not { } value) return null;
            given[index] = value;
        }
        for (var k = 0; k < given.Length; k++)
        {
            if (given[k] is not null) continue;
            if (row.Settings[k].Default is not { } initial)
            {
                Report(DiagnosticTable.MissingArgument, span, null, row.Name, row.Settings[k].Name, "a number");
                return null;
            }
            given[k] = new BoundSetting(row.Settings[k].Name, initial, null);
        }
        return given.Select(setting => setting!).ToEquatableArray();
    }

    private BoundSetting? Value(OptimizerTable.Row row, OptimizerTable.Setting setting, Expression expression, bool allowSchedules)
    {
        if (allowSchedules && setting.Name == "lr" && expression is CallExpression { Callee: NameExpression callee } call && body.Lookup(callee.Name) is null or CallableOperand && expression is CallExpression)
        {
            var (name, arguments) = Split(expression);
            return BindSchedule(name!, arguments, expression.Span) is { } schedule ? new BoundSetting(setting.Name, null, schedule) : null;
        }
        var operand = body.Bind(expression);
        if (operand is PoisonOperand) return null;
        double number;
        if (operand is BoolOperand truth) number = truth.Truth ? 1 : 0;
        else if (!BodyBinder.TryNumber(operand, out number, out _))
        {
            Report(DiagnosticTable.BadSetting, expression.Span, null, setting.Name, row.Name, $"is a number known at build, not {BodyBinder.Describe(operand)}");
            return null;
        }
        // Of a family without a member nobody knows the numbers.
        if (body.Context.Symbolic) return new BoundSetting(setting.Name, number, null);
        if (setting.Name == "lr" && number == 0) Report(DiagnosticTable.NothingLearnt, expression.Span, null);
        if (setting.Check(number) is not { } wrong) return new BoundSetting(setting.Name, number, null);
        Report(DiagnosticTable.BadSetting, expression.Span, null, setting.Name, row.Name, wrong);
        return null;
    }

    // betas: (0.9, 0.999) is beta1 and beta2.
    private static EquatableArray<Argument> Unfold(EquatableArray<Argument> arguments) => arguments.SelectMany(argument =>
        argument is { Name.Text: "betas", Value: TupleExpression { Items.Count: 2 } pair }
            ? pair.Items.Select((item, k) => new Argument(new Identifier(k == 0 ? "beta1" : "beta2", argument.Name.Span), item, item.Span))
            : [argument]).ToEquatableArray();

    private static (string? Name, EquatableArray<Argument> Arguments) Split(Expression expression) => expression switch
    {
        CallExpression { Callee: NameExpression name } call => (name.Name, call.Arguments),
        // optim.Adam(…)
        CallExpression { Callee: MemberExpression member } call => (member.Member.Text, call.Arguments),
        NameExpression name => (name.Name, default),
        _ => (null, default),
    };

    private string Text(Expression expression) => body.Frame.Source.GetText(expression.Span);

    private void Report(DiagnosticRow row, TextSpan span, string? closest, params object[] arguments) =>
        body.Report(row, span, [], closest is null ? null : $"write {closest}", arguments);
}
