namespace FeedbackNN.Dsl.Syntax;

/// <summary>A form of the grammar, as syntax errors speak of it.</summary>
/// <param name="Name">"the arguments of a call".</param>
/// <param name="Example">The right form.</param>
internal sealed record Construct(string Name, string Example)
{
    public static readonly Construct Namespace = new("a namespace", "namespace My.Networks");
    public static readonly Construct Dim = new("a dim", "dim pixels = 784, classes = 10");
    public static readonly Construct Const = new("a const", "const beta[t: steps] = 1e-4 + 0.02 * t / (steps - 1)");
    public static readonly Construct Fn = new("the signature of an fn", "fn scale(x: real[..., n], k: f32 = 2) -> real[..., n] { … }");
    public static readonly Construct Layer = new("the signature of a layer", "layer linear(out: dim)(x: real[..., in]) -> real[..., out] { … }");
    public static readonly Construct Model = new("the signature of a model", "model Net(x: f32[batch, 784]) -> f32[batch, 10] { … }");
    public static readonly Construct ModelMember = new("a member of a family", "model Small = Family(depth: 4)");
    public static readonly Construct Train = new("the head of a train", "train FitNet for net: Net (x: f32[batch, 784], label: i32[batch]) { … }");
    public static readonly Construct TrainMember = new("a member of a family", "train FitSmall = Fit(Small, rate: 1e-3)");
    public static readonly Construct Generate = new("the head of a generate", "generate Paint from net: UNet (noise: f32[n, 784]) -> f32[n, 784] { … }");
    public static readonly Construct Pipeline = new("a pipeline", "pipeline Filter with net: Classifier { … }");
    public static readonly Construct Stage = new("a stage", "fit: FitNet(net) on letters for 2 epochs, or check: evaluate FitNet(net) on held_out");
    public static readonly Construct StageAgain = new("a stage that is run again", "fit on hardest(letters, by: loss, top: 0.2) for 1 epochs");
    public static readonly Construct Data = new("data", "hardest(letters, by: loss, top: 0.2)");
    public static readonly Construct PipelineFeedback = new("a feedback of a pipeline", "feedback while check.accuracy < 0.98, at_most 3 { … }");
    public static readonly Construct CheckpointNames = new("names of checkpoints", "checkpoint HuggingFace for Llama { … }");
    public static readonly Construct CheckpointEntry = new("a name in checkpoints", "blocks.{i}.attn.q.weight = \"layers.{i}.q_proj.weight\"");
    public static readonly Construct Parameters = new("a list of parameters", "(x: f32[batch, 784], rate: f32 = 0.5)");
    public static readonly Construct Results = new("the results", "-> (logits: f32[batch, 10], rounds: i32[batch])");
    public static readonly Construct Type = new("a type", "f32[batch, 784]");
    public static readonly Construct Where = new("a where", "where d % heads == 0, seq <= context");
    public static readonly Construct Body = new("a body", "{ h = relu(fc1(x)); return fc2(h) }");
    public static readonly Construct Statement = new("a statement", "y = relu(x)");
    public static readonly Construct Binding = new("a binding", "y = relu(x)");
    public static readonly Construct Destructuring = new("a binding of several names", "(q, k, v) = split(x, 3, -1)");
    public static readonly Construct IndexBinding = new("index notation", "y[b, o] = sum[i] x[b, i] * w[o, i]");
    public static readonly Construct Update = new("an update", "mean <- 0.9 * mean + 0.1 * m");
    public static readonly Construct Param = new("a param", "param w: real[out, in] named \"weight\" = kaiming_uniform()");
    public static readonly Construct Buffer = new("a buffer", "buffer mean: real[d] named \"running_mean\" = 0");
    public static readonly Construct Repeat = new("a repeat", "repeat depth as i : blocks { x = block(heads)(x) }");
    public static readonly Construct Feedback = new("a feedback", "feedback (h: real[batch, n] = 0) times 8 { h <- tanh(fc(h)) }");
    public static readonly Construct States = new("the states of a feedback", "(h: real[batch, n] = 0, c: real[batch, n] = 0)");
    public static readonly Construct Over = new("an over", "over x_t in x along time");
    public static readonly Construct Times = new("the number of rounds", "times 8");
    public static readonly Construct Until = new("an until", "until change < 1e-3, at_most 20");
    public static readonly Construct Halt = new("an until", "until halt(p), at_most 20");
    public static readonly Construct FixedPoint = new("a fixed point", "to fixed_point(tol: 1e-4, at_most: 40)");
    public static readonly Construct Checkpoint = new("a checkpoint", "checkpoint every 8");
    public static readonly Construct Otherwise = new("an else", "else warn, else fail or else best");
    public static readonly Construct Emit = new("an emit", "emit ys = y along 0");
    public static readonly Construct If = new("an if", "if bias { y = y + b } else { y = 2 * y }");
    public static readonly Construct Return = new("a return", "return (logits, rounds)");
    public static readonly Construct Minimize = new("a minimize", "minimize loss over net with adamw(lr: 1e-3) every 2");
    public static readonly Construct Metric = new("a metric", "metric accuracy = mean(argmax(logits) == label)");
    public static readonly Construct Clip = new("a clip", "clip global_norm(1.0)");
    public static readonly Construct Freeze = new("a freeze", "freeze net.embed, net.blocks.*.attn");
    public static readonly Construct Rate = new("a rate", "rate 0.1 on net.embed, net.blocks.0");
    public static readonly Construct Accumulate = new("an accumulate", "accumulate 4");
    public static readonly Construct Average = new("an average", "average net 0.999");
    public static readonly Construct Precision = new("a precision", "precision bf16");
    public static readonly Construct Lora = new("a lora", "lora(rank: 8, alpha: 16) on net.blocks.*.attn.q.weight, except: train net.head");
    public static readonly Construct Budget = new("a budget", "budget memory 512MB at batch 64, time 128");
    public static readonly Construct Expression = new("an expression", "2 * x + b");
    public static readonly Construct Group = new("parentheses", "(a + b) or (a, b)");
    public static readonly Construct Arguments = new("the arguments of a call", "linear(128, bias: false)");
    public static readonly Construct Subscripts = new("a subscript", "x[:, 1:n, -1]");
    public static readonly Construct Member = new("a member", "wte.weight");
    public static readonly Construct Pipe = new("a pipe", "x |> fc1 |> relu");
    public static readonly Construct Reshape = new("a reshape", "x as [batch, heads, d/heads]");
    public static readonly Construct Shape = new("a shape", "[batch, 3, 2*d]");
    public static readonly Construct Reduction = new("a reduction over indices", "sum[i, j] x[i] * w[i, j]");
}
