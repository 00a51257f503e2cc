using FeedbackNN;
using TinyStories;

if (args is not [var folder, .. var words] || !File.Exists(Path.Combine(folder, "stories260K.bin")))
{
    Console.Error.WriteLine("""
        Pass a folder with stories260K.bin and tok512.bin, and how the story begins, if you like:

            dotnet run -c Release --project examples/TinyStories -- path/to/stories260K "One day, a cat"

        Both are in the folder stories260K of https://huggingface.co/karpathy/tinyllamas.
        """);
    return 1;
}

using var net = new Storyteller();
Console.WriteLine(Storytelling.Load(net, Path.Combine(folder, "stories260K.bin")));
var tokenizer = StoryTokens.Load(Path.Combine(folder, "tok512.bin"));
var prompt = tokenizer.EncodeToIds(string.Join(' ', words)).ToList();
if (prompt is [] || prompt[0] != StoryTokens.Begin) prompt.Insert(0, StoryTokens.Begin);

using var tell = new Tell(net);
var text = new List<int>(prompt);
var shown = "";
await foreach (var next in tell.Stream(new([.. prompt], 1, prompt.Count), count: 256, temperature: words is [] ? 0 : 0.8f, seed: 1))
{
    if (next[0] == StoryTokens.Begin) break;
    // A letter may be several tokens: what is new in the text so far is shown.
    text.Add(next[0]);
    var whole = tokenizer.Decode(text.Skip(1));
    Console.Write(whole[Math.Min(shown.Length, whole.Length)..]);
    shown = whole;
}
Console.WriteLine();
return 0;
