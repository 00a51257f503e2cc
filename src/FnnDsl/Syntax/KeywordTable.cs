namespace FeedbackNN.Dsl.Syntax;

/// <summary>Where a word of the language stands.</summary>
public enum KeywordPlace
{
    /// <summary>It begins a declaration.</summary>
    Declaration,

    /// <summary>It begins a statement of an fn, layer or model.</summary>
    Body,

    /// <summary>It begins a statement of a train.</summary>
    Train,

    /// <summary>It begins a statement of any body.</summary>
    Statement,

    /// <summary>It stands in the head of a feedback block.</summary>
    Feedback,

    /// <summary>It goes on with something: <c>with</c>, <c>where</c>.</summary>
    Continuation,

    /// <summary>An operator that is a word.</summary>
    Operator,

    /// <summary>A value: <c>true</c>.</summary>
    Value,

    /// <summary>The type of an element.</summary>
    ElementType,

    /// <summary>The type of a setting.</summary>
    SettingType,

    /// <summary>It has its place in the language, and is refused today with what to write instead.</summary>
    Later,
}

/// <param name="Sentence">What it is for, in one sentence.</param>
public sealed record Keyword(string Word, KeywordPlace Place, string Sentence);

/// <summary>All words of the language with their places. Only a few are reserved; the others are names where they do not stand at these places.</summary>
public static class KeywordTable
{
    public static IReadOnlyList<Keyword> All { get; } =
    [
        new("namespace", KeywordPlace.Declaration, "The namespace of the file, which is the C# namespace too."),
        new("dim", KeywordPlace.Declaration, "Constants for sizes and numbers."),
        new("const", KeywordPlace.Declaration, "A tensor of which everything is known at build."),
        new("fn", KeywordPlace.Declaration, "A function without weights."),
        new("layer", KeywordPlace.Declaration, "A function that may own weights; its first list is its config."),
        new("model", KeywordPlace.Declaration, "A network, which becomes a C# class."),
        new("train", KeywordPlace.Declaration, "How networks are trained: losses, optimizers, metrics. It becomes a C# trainer."),
        new("pipeline", KeywordPlace.Declaration, "Trainings and evaluations one after the other, and again. It becomes a C# class."),

        new("param", KeywordPlace.Body, "A trained weight."),
        new("buffer", KeywordPlace.Body, "A remembered value that is not trained; '<-' gives it a new one."),
        new("budget", KeywordPlace.Body, "What a model may need: budget memory 512MB at batch 64."),
        new("return", KeywordPlace.Body, "The result."),
        new("repeat", KeywordPlace.Statement, "Copies of its body, each with weights of its own."),
        new("if", KeywordPlace.Statement, "Chooses while building, over config, sizes and 'training'."),
        new("feedback", KeywordPlace.Statement, "A loop that feeds its output back as its input."),
        new("emit", KeywordPlace.Statement, "Collects a value of each round of a feedback."),
        new("minimize", KeywordPlace.Train, "A loss, and the optimizer that makes it small."),
        new("metric", KeywordPlace.Train, "A number that is reported."),
        new("clip", KeywordPlace.Train, "Holds gradients: global_norm(1.0) or value(0.5)."),
        new("freeze", KeywordPlace.Train, "Keeps weights as they are."),
        new("rate", KeywordPlace.Train, "How much of the optimizer's learning rate some weights take: rate 0.1 on net.embed."),
        new("average", KeywordPlace.Train, "A moving average of a network's weights, which evaluations are made with."),
        new("accumulate", KeywordPlace.Train, "Gradients of so many batches make one step."),
        new("precision", KeywordPlace.Train, "What GPUs round the operands of matrix products to: f32, tf32, bf16 or f16. Weights and sums stay f32."),
        new("lora", KeywordPlace.Train, "Trains updates of low rank in the stead of weights: lora(rank: 8, alpha: 16) on net.body."),

        new("over", KeywordPlace.Feedback, "One round for each slice of an axis; in a train, the weights that a loss updates."),
        new("in", KeywordPlace.Feedback, "What the slices are cut from."),
        new("along", KeywordPlace.Feedback, "The axis that the rounds go along, or where the axis of a collection goes."),
        new("times", KeywordPlace.Feedback, "So many rounds."),
        new("until", KeywordPlace.Feedback, "Rounds until a condition holds, for each sample."),
        new("at_most", KeywordPlace.Feedback, "The most rounds there can be."),
        new("halt", KeywordPlace.Feedback, "A sample ends when its probabilities add up to 1."),
        new("to", KeywordPlace.Feedback, "Rounds until the state comes back as it was: to fixed_point(…)."),
        new("fixed_point", KeywordPlace.Feedback, "An equilibrium, with tol, at_most, solver and gradient."),
        new("reverse", KeywordPlace.Feedback, "From the end of the axis."),
        new("lengths", KeywordPlace.Feedback, "How long each sample is along the axis."),
        new("truncate", KeywordPlace.Feedback, "No gradient goes further back than the stretch of rounds it is in."),
        new("checkpoint", KeywordPlace.Feedback, "checkpoint every k keeps every k-th state for the gradient and computes the others again; of a repeat, what goes from copy to copy."),
        new("slide", KeywordPlace.Feedback, "A full state that grows forgets its first so many elements."),
        new("warn", KeywordPlace.Feedback, "A fixed point that is not reached gives its best iterate, with a warning."),
        new("fail", KeywordPlace.Feedback, "A fixed point that is not reached stops the program."),
        new("best", KeywordPlace.Feedback, "A fixed point that is not reached gives its best iterate."),

        new("for", KeywordPlace.Continuation, "The networks that a train trains."),
        new("where", KeywordPlace.Continuation, "What must hold of sizes and config."),
        new("named", KeywordPlace.Continuation, "Another name in checkpoints."),
        new("with", KeywordPlace.Continuation, "The optimizer of a loss."),
        new("every", KeywordPlace.Continuation, "Only in every so many steps."),
        new("else", KeywordPlace.Continuation, "Otherwise."),
        new("memory", KeywordPlace.Continuation, "Of a budget: bytes."),
        new("flops", KeywordPlace.Continuation, "Of a budget: operations."),
        new("at", KeywordPlace.Continuation, "The sizes that a budget holds at."),
        new("on", KeywordPlace.Continuation, "The weights that 'lora' and 'rate' are for; the data of a stage."),
        new("except", KeywordPlace.Continuation, "What is trained beside 'lora'."),
        new("grow", KeywordPlace.Continuation, "A state of a generate that gets longer along an axis, as a program writes on."),

        new("as", KeywordPlace.Operator, "The same elements in another shape; in heads, a name for a number."),
        new("and", KeywordPlace.Operator, "Both."),
        new("or", KeywordPlace.Operator, "One of them or both."),
        new("not", KeywordPlace.Operator, "The opposite."),

        new("true", KeywordPlace.Value, "A truth."),
        new("false", KeywordPlace.Value, "A truth."),
        new("inf", KeywordPlace.Value, "A number larger than all others."),
        new("pi", KeywordPlace.Value, "3.14159…"),
        new("training", KeywordPlace.Value, "Whether this is a training step, which is known while building."),

        new("f32", KeywordPlace.ElementType, "Floats of 32 bits."),
        new("f64", KeywordPlace.ElementType, "Floats of 64 bits."),
        new("i32", KeywordPlace.ElementType, "Integers of 32 bits."),
        new("i64", KeywordPlace.ElementType, "Integers of 64 bits."),
        new("bool", KeywordPlace.ElementType, "true or false."),
        new("real", KeywordPlace.ElementType, "Some float, which each call fixes."),
        new("int", KeywordPlace.SettingType, "A whole number that is known while building."),
        new("string", KeywordPlace.SettingType, "A text that is known while building."),
        new("axis", KeywordPlace.SettingType, "An axis, by name or position."),

        new("generate", KeywordPlace.Declaration, "A program over trained networks. It becomes a C# class."),
        new("from", KeywordPlace.Continuation, "The networks of a 'generate', or the weights that a stage takes."),
        new("evaluate", KeywordPlace.Continuation, "A stage of a pipeline that measures."),
        new("while", KeywordPlace.Continuation, "What must hold for another round of a pipeline's feedback."),
        new("epochs", KeywordPlace.Continuation, "How often a stage goes over its data."),
        new("choice", KeywordPlace.Later, "Comes in a later version: write one model for each alternative."),
        new("quantized", KeywordPlace.Later, "Comes in a later version: use the model as it is."),
    ];

    /// <summary>The words that the grammar's own tables know: none of them may be missing above.</summary>
    public static IEnumerable<string> OfTheGrammar =>
    [
        .. DeclarationWords.All, .. StatementGrammar.StatementWords, .. FeedbackGrammar.HeadWords, .. LaterConstructs.Instead.Keys,
        .. new[] { TokenKind.As, TokenKind.If, TokenKind.And, TokenKind.Or, TokenKind.Not, TokenKind.Return }.Select(kind => TokenKind.Spelling(kind).Trim('\'')),
    ];

    public static Keyword? Find(string word) => All.FirstOrDefault(keyword => keyword.Word == word);

    /// <summary>Whether a word can't be a name anywhere.</summary>
    public static bool IsReserved(string word) => TokenKind.IsReserved(TokenKind.OfWord(word));

    /// <summary>Whether a text is a name of the language: letters, digits and _, not beginning with a digit, and no reserved word.</summary>
    public static bool IsName(string text) =>
        text.Length > 0 && text.All(c => c is >= 'a' and <= 'z' or >= 'A' and <= 'Z' or >= '0' and <= '9' or '_') && text[0] is not (>= '0' and <= '9') && !IsReserved(text);
}
