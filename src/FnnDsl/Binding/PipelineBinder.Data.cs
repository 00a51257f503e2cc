using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Operators;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Binding;

/// <content>Names of data and choices from it.</content>
internal sealed partial class PipelineBinder
{
    /// <summary>A way to choose a part of the data.</summary>
    /// <param name="By">What <c>by</c> names.</param>
    /// <param name="Share">The setting that is a share.</param>
    private sealed record ChoiceRow(string Name, string Meaning, string By, string Share)
    {
        public string[] Settings => ["by", Share];
    }

    private static readonly ChoiceRow[] Choices =
    [
        new("hardest", "the samples with the largest loss", "the name of a loss", "top"),
        new("confident", "samples without labels, with the answers that the network is sure of", "the name of what softmax makes probabilities of", "above"),
    ];

    private readonly List<PipelineData> _data = [];
    private readonly List<PipelineAnswers> _answers = [];
    private readonly Dictionary<(int Train, string By), (int Answers, int Label)> _confident = [];
    private readonly Dictionary<string, TextSpan> _dataSpans = new(StringComparer.Ordinal);
    private readonly List<(string Name, Identifier Train)> _lostData = [];
    private readonly Dictionary<string, TextSpan> _fitted = new(StringComparer.Ordinal);

    /// <summary>The data of a step: its name's position, the choice, and both as text; null after a diagnostic.</summary>
    private (int Data, PipelineChoice? Choice, string Text)? BindData(DataSyntax data, PipelineCall call, bool isFitted)
    {
        var name = data.Name.Text;
        var train = _trains[call.Train].Instance;
        if (SampleShape.Of(_trains[call.Train].Train.RuntimeAxes, _trains[call.Train].Train.Inputs) is null)
        {
            _reports.Add(DiagnosticTable.TrainWithoutSamples, data.Name.Span, null, train.Symbol.Name, Samples(train));
            return null;
        }
        var (isRight, choice, text) = BindChoice(data, call, isFitted);
        if (isFitted && !_fitted.ContainsKey(name)) _fitted.Add(name, data.Name.Span);
        var position = _data.FindIndex(known => known.Name == name);
        if (position < 0)
        {
            position = _data.Count;
            _data.Add(new PipelineData(name, call.Train));
            _dataSpans.Add(name, data.Name.Span);
        }
        var first = _trains[_data[position].Train].Instance;
        if (Samples(first) != Samples(train) || !Types(_data[position].Train).SequenceEqual(Types(call.Train)))
        {
            // Members of a family may take samples of other sizes, which the text does not say.
            var isSaid = Samples(first) != Samples(train);
            var (others, wanted) = isSaid ? (Samples(first), Samples(train)) : (string.Join(", ", Types(_data[position].Train)), string.Join(", ", Types(call.Train)));
            _reports.Add(DiagnosticTable.DataUnfit, data.Name.Span, "give the data of each train a name of its own", (_dataSpans[name], $"samples of {first.Symbol.Name}: {others}"), name, first.Symbol.Name, train.Symbol.Name, wanted);
            return null;
        }
        return isRight ? (position, choice, text) : null;
    }

    /// <summary>No step after a diagnostic about its train or networks. Its data keep their name in C#.</summary>
    private TAction? Lost<TAction>(TrainCall call, DataSyntax data) where TAction : PipelineAction
    {
        _lostData.Add((data.Name.Text, call.Train));
        return null;
    }

    /// <summary>Names of data that no right step has, as samples of the train that was meant.</summary>
    private void KeepLostData()
    {
        foreach (var (name, train) in _lostData)
        {
            if (_data.Any(known => known.Name == name)) continue;
            var closest = Spelling.Closest(train.Text, scope.UserSymbols.Where(other => other is TrainSymbol or TrainMemberSymbol).Select(other => other.Name));
            var found = FindTrain(train) ?? (closest is null ? null : FindTrain(new Identifier(closest, train.Span)));
            if (found is { } position && SampleShape.Of(_trains[position].Train.RuntimeAxes, _trains[position].Train.Inputs) is not null) _data.Add(new PipelineData(name, position));
        }
    }

    private static string Samples(TrainInstance train) => "(" + string.Join(", ", train.Declaration.Inputs.Select(input => $"{input.Name}: {train.Text.Source.GetText(input.Type.Span)}")) + ")";

    private IEnumerable<TensorType> Types(int train) => _trains[train].Train.Inputs.Select(input => input.Type);

    private void CheckNotFitted(DataSyntax data)
    {
        if (!_fitted.TryGetValue(data.Name.Text, out var fitted)) return;
        _reports.Add(DiagnosticTable.EvaluatedOnFitted, data.Name.Span, "evaluate on data that no stage is fitted on, such as held_out", (fitted, "fitted on here"), data.Name.Text);
    }

    private (bool IsRight, PipelineChoice? Choice, string Text) BindChoice(DataSyntax data, PipelineCall call, bool isFitted)
    {
        if (data.Choice is not { } choice) return (true, null, data.Name.Text);
        var errors = diagnostics.Count;
        if (Choices.FirstOrDefault(row => row.Name == choice.Text) is not { } row)
        {
            _reports.Add(DiagnosticTable.UnknownChoice, choice.Span, Spelling.Fix(choice.Text, Choices.Select(other => other.Name)), choice.Text, string.Join("; ", Choices.Select(other => $"{other.Name}: {other.Meaning}")));
            return (false, null, "");
        }
        foreach (var setting in data.Settings)
        {
            if (!row.Settings.Contains(setting.Name!.Text)) _reports.Add(DiagnosticTable.UnknownArgument, setting.Name.Span, Spelling.Fix(setting.Name.Text, row.Settings), row.Name, setting.Name.Text);
        }
        var by = data.Settings.FirstOrDefault(setting => setting.Name!.Text == "by");
        var share = data.Settings.FirstOrDefault(setting => setting.Name!.Text == row.Share);
        var isHardest = row.Name == "hardest";
        var loss = by is null || !isHardest ? null : BindLoss(by.Value, call);
        var number = share is null ? null : BindShare(share, row.Name);
        if (by is null || share is null)
        {
            var missing = by is null ? "by" : row.Share;
            _reports.Add(DiagnosticTable.MissingArgument, data.Span, null, row.Name, missing, by is null ? row.By : "a share between 0 and 1");
        }
        if (diagnostics.Count > errors || by is null || number is null) return (false, null, "");
        var text = $"{row.Name}({data.Name.Text}, by: {symbol.Source.GetText(by.Value.Span)}, {row.Share}: {TextOf(number.Value)})";
        if (isHardest) return (true, new HardestSamples(loss!.Value, number.Value), text);
        var confident = BindConfident(data, by.Value, number.Value, call, isFitted);
        return (confident is not null, confident, text);
    }

    private int? BindLoss(Expression value, PipelineCall call)
    {
        var losses = _trains[call.Train].Train.Losses;
        var position = value is NameExpression name ? losses.TakeWhile(loss => loss != name.Name).Count() : losses.Count;
        if (position < losses.Count) return position;
        ReportUnknown(value, call, losses);
        return null;
    }

    private void ReportUnknown(Expression value, PipelineCall call, IEnumerable<string> known)
    {
        var text = symbol.Source.GetText(value.Span);
        _reports.Add(DiagnosticTable.UnknownMember, value.Span, Spelling.Fix(text, known), _trains[call.Train].Train.Name, text);
    }

    private double? BindShare(Argument setting, string choice)
    {
        var operand = _body.Bind(setting.Value);
        if (operand is PoisonOperand) return null;
        if (BodyBinder.TryNumber(operand, out var share, out _) && share is > 0 and <= 1) return share;
        _reports.Add(DiagnosticTable.BadSetting, setting.Value.Span, null, setting.Name!.Text, choice, $"a share above 0 and at most 1 is expected, not {BodyBinder.Describe(operand)}");
        return null;
    }

    // ---- Answers ------------------------------------------------------------------------------------------------

    /// <summary>
    /// The train's body says what its networks make of a sample without its label: <c>by</c> is a value [batch, classes] that no input reads which could be the label,
    /// and the one integer a sample that it doesn't read is the label.
    /// </summary>
    private ConfidentSamples? BindConfident(DataSyntax data, Expression by, double above, PipelineCall call, bool isFitted)
    {
        if (!isFitted) return Unfit("an evaluation would compare its answers with themselves");
        // A stage that is run again asks the same.
        var asked = (call.Train, symbol.Source.GetText(by.Span));
        if (_confident.TryGetValue(asked, out var known)) return new ConfidentSamples(known.Answers, above, known.Label);
        var (train, bound) = _trains[call.Train];
        var bag = new DiagnosticBag();
        if (diagnostics.HasErrors || _isBroken || train.HasBrokenNet) return null;
        // Without updates of low rank: they are part of the weights before and after a stage.
        var run = TrainRun.Execute(scope, bag, train, training: false);
        // What is wrong in the train is reported there.
        _isBroken |= bag.HasErrors;
        if (bag.HasErrors) return null;
        var values = run.Body.Frame.Values;
        if (by is not NameExpression name || !values.TryGetValue(name.Name, out var value) || value is not TensorOperand logits)
        {
            ReportUnknown(by, call, values.Where(pair => pair.Value is TensorOperand).Select(pair => pair.Key));
            return null;
        }
        var batch = bound.Inputs[0].Axes[0].Size;
        if (!logits.Element.IsFloat() || logits.Rank != 2 || logits.Type.Shape[0] != batch) return Unfit($"'{name.Name}' is {logits.Type}, and a number for each class of each sample is needed: f32[{batch}, classes]");
        var builder = run.Context.Builder;
        builder.Origin = _body.Frame.OriginAt(data.Span);
        var graph = AnswersOf(builder, builder.Convert(logits.Value, ElementType.F32));
        var read = new HashSet<int>(graph.Nodes.Select(node => node.Operation).OfType<Input>().Select(input => input.Index));
        var labels = Enumerable.Range(0, bound.Inputs.Count).Where(k => !read.Contains(k) && bound.Inputs[k].Element is ElementType.I32 or ElementType.I64 && bound.Inputs[k].Axes.Count == 1).ToArray();
        if (labels.Length != 1)
        {
            return Unfit(labels.Length == 0
                ? $"{bound.Name} has no input i32[{batch}] that '{name.Name}' does not depend on, and so no label"
                : $"{bound.Name} has several inputs that could be the label: {string.Join(", ", labels.Select(k => bound.Inputs[k].Name))}");
        }
        _answers.Add(new PipelineAnswers(call.Train, graph));
        _confident.Add(asked, (_answers.Count - 1, labels[0]));
        return new ConfidentSamples(_answers.Count - 1, above, labels[0]);

        ConfidentSamples? Unfit(string why)
        {
            _reports.Add(DiagnosticTable.ConfidentUnfit, data.Span, null, data.Name.Text, why);
            return null;
        }
    }

    /// <summary>The largest of softmax(logits) is 1 / Σ exp(logit - max); of a batch of one sample these are that sample's.</summary>
    private static Graph AnswersOf(GraphBuilder builder, Value logits)
    {
        var largest = builder.Reduce(ReduceKind.Max, logits, 1);
        var sum = builder.Reduce(ReduceKind.Sum, builder.Apply(OperatorTable.Exp, logits - builder.SpreadOver(largest, logits.Type.Shape)), 1);
        var probability = builder.Reduce(ReduceKind.Max, 1 / sum, 0);
        var answer = builder.Reduce(ReduceKind.Max, builder.Convert(builder.ArgReduce(isMax: true, logits, 1), ElementType.F32), 0);
        return builder.Build([new GraphOutput(new ScalarTarget(0, "probability"), probability.Id), new GraphOutput(new ScalarTarget(1, "answer"), answer.Id)]);
    }
}
