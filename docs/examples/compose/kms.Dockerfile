FROM node:24-bookworm-slim
RUN npm install --global lanelock-cli
