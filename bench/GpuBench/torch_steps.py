"""Times PyTorch's training steps of the shapes of Steps/StepWorkload.cs, eager and compiled, on CUDA.

Usage: torch_steps.py NAME...    One JSON object a line for each name. Exit code 3: there is no PyTorch, 4: PyTorch has no CUDA.
As on our side, a batch lies in the host's memory and is uploaded in each step, everything is float32, and losses are not read.
"""
import json
import sys
import time

try:
    import torch
    from torch import nn
    from torch.nn import functional as F
except ImportError:
    print("PyTorch is not installed.", file=sys.stderr)
    sys.exit(3)


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.projection, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.wide, self.narrow = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        batch, length, width = x.shape
        q, k, v = (part.view(batch, length, self.heads, width // self.heads).transpose(1, 2) for part in self.projection(self.norm1(x)).chunk(3, -1))
        attended = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(batch, length, width)
        x = x + self.out(attended)
        return x + self.narrow(F.gelu(self.wide(self.norm2(x))))


class Gpt(nn.Module):
    def __init__(self, layers, width, heads, context, letters):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(letters, width), nn.Parameter(0.02 * torch.randn(context, width))
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(layers))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, letters, bias=False)

    def forward(self, token):
        x = self.tokens(token) + self.positions
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x)).flatten(0, 1)


def perceptron(batch):
    net = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
    return net, torch.rand(batch, 784), torch.randint(10, (batch,))


def gpt(layers, width, heads, context, letters, batch):
    return Gpt(layers, width, heads, context, letters), torch.randint(letters, (batch, context)), torch.randint(letters, (batch * context,))


WORKLOADS = {
    "mlp batch 100": lambda: perceptron(100),
    "mlp batch 1000": lambda: perceptron(1000),
    "gpt 4 layers d 128, context 128, batch 16": lambda: gpt(4, 128, 4, 128, 65, 16),
    "gpt 12 layers d 768, context 1024, batch 8": lambda: gpt(12, 768, 12, 1024, 50304, 8),
}


def microseconds(step):
    """The median of five samples of at least 0.3 s, each of many steps without waiting."""
    for _ in range(5):
        step()
    count, times = 1, []
    while len(times) < 5:
        torch.cuda.synchronize()
        start = time.perf_counter()
        for _ in range(count):
            step()
        torch.cuda.synchronize()
        seconds = time.perf_counter() - start
        if seconds < 0.3:
            count = max(count + 1, int(count * 1.2 * 0.3 / max(seconds, 1e-6)))
        else:
            times.append(1e6 * seconds / count)
    return sorted(times)[2]


def measure(make, compiles):
    torch.manual_seed(3)
    net, given, wanted = make()
    net = net.cuda()
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-7, weight_decay=0.01)
    forward = torch.compile(net) if compiles else net

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = F.cross_entropy(forward(given.cuda()), wanted.cuda())
        loss.backward()
        optimizer.step()

    try:
        return microseconds(step)
    finally:
        del net, optimizer, forward
        torch.cuda.empty_cache()


def main(names):
    if not torch.cuda.is_available():
        print("This PyTorch has no CUDA.", file=sys.stderr)
        sys.exit(4)
    # Products in float32, as ours are.
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    for name in names:
        times, notes = {}, [f"PyTorch {torch.__version__}"]
        for kind, compiles in (("eager", False), ("compiled", True)):
            try:
                times[kind] = measure(WORKLOADS[name], compiles)
            except Exception as failure:  # One that fails is a finding: the others are measured all the same.
                times[kind] = None
                notes.append(f"{kind}: {type(failure).__name__}: {str(failure).splitlines()[0] if str(failure) else ''}")
        print(json.dumps({"name": name, "eager_microseconds": times["eager"], "compiled_microseconds": times["compiled"], "note": "; ".join(notes)}), flush=True)


main(sys.argv[1:])
